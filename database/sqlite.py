"""Engines for SQLite: settings of each connection, and errors that mean that the database cannot be used now."""

import sqlite3

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from database.options import ConnectionOptions
from database.transactions.failures import FreeSpace, busy, unavailable

BUSY_TIMEOUT_MILLISECONDS = 10_000
"""Time that a process waits for another one's write lock."""
PRIMARY_CODE = 0xFF
"""The bits of an error code without the details."""
NO_SPACE = frozenset({sqlite3.SQLITE_FULL})
UNUSABLE_FILE = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


def sqlite_engine(url: URL, options: ConnectionOptions, free_space: FreeSpace) -> Engine:
    """Return an engine; in memory, all its users share one connection."""
    if is_in_memory(url):
        engine = create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
        )
    else:
        engine = create_engine(
            url,
            pool_size=options.pool_size,
            max_overflow=options.pool_size,
            pool_timeout=options.pool_timeout_seconds,
            hide_parameters=True,
        )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "handle_error", lambda context: _translate_error(context, free_space))
    return engine


def is_in_memory(url: URL) -> bool:
    """Return whether a URL names no file."""
    return url.database in {None, "", ":memory:"}


def begin_immediate(connection: Connection, timeout_seconds: float) -> None:
    """Take the write lock now: of two transactions that read first, one would fail later.

    Raises:
        Unavailable: another process keeps the lock for longer than the timeout.
    """
    driver = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA busy_timeout = {int(timeout_seconds * 1000)}")  # type: ignore[union-attr] # SQLite's own
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if _code(error.orig) != sqlite3.SQLITE_BUSY:
            raise
        raise busy() from error


def _configure(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # turns off the driver's own BEGIN, which is deferred
    pragmas = (
        f"busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    )
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _translate_error(context: ExceptionContext, free_space: FreeSpace) -> None:
    """Raise `Unavailable` for a full disk and for a file that cannot be used now.

    Raises:
        Unavailable: the disk is full, or the file cannot be read or written.
    """
    error = context.original_exception
    code = _code(error)
    if code in NO_SPACE:
        raise free_space.report_exhausted(error) from error
    if code in UNUSABLE_FILE:
        raise unavailable() from error


def _code(error: BaseException | None) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY_CODE
