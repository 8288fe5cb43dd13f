"""The lock under which one process at a time migrates or fills a database."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from database.engine import Database
from database.sqlite import begin_immediate
from mesh import logs
from mesh.errors import Unavailable

MAX_WAIT_SECONDS = 600
"""A migration of large tables takes minutes."""
REPORT_INTERVAL_SECONDS = 10
METADATA_LOCK_TIMEOUT_SECONDS = 30
"""Time that a DDL statement waits for transactions that use its table; meanwhile all later ones queue behind it."""

log = logs.get("database")


@contextmanager
def exclusive(database: Database, max_wait_seconds: float = MAX_WAIT_SECONDS) -> Iterator[Connection]:
    """Begin a transaction that only one process at a time can have. Call `commit()` on the connection.

    On SQLite, foreign keys are not enforced in it, because a migration may replace a table that others refer to.

    Raises:
        Unavailable: another process has kept the lock for `max_wait_seconds`, or the database cannot be reached.
    """
    is_file = database.url.get_backend_name() == "sqlite"
    with (_exclusive_file if is_file else _exclusive_server)(database, max_wait_seconds) as connection:
        yield connection


@contextmanager
def _exclusive_file(database: Database, max_wait_seconds: float) -> Iterator[Connection]:
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # has no effect inside a transaction
        try:
            _wait_until(lambda seconds: _begin(connection, seconds), max_wait_seconds)
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _begin(connection: Connection, seconds: float) -> bool:
    try:
        begin_immediate(connection, seconds)
    except Unavailable:
        return False
    return True


@contextmanager
def _exclusive_server(database: Database, max_wait_seconds: float) -> Iterator[Connection]:
    # The names of these locks belong to the server, not to a database, and have at most 64 characters.
    name = f"bookstore-{hashlib.sha256(str(database.url.database).encode()).hexdigest()[:32]}"
    with database.write() as connection:
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {METADATA_LOCK_TIMEOUT_SECONDS}")
        _wait_until(lambda seconds: _get_lock(connection, name, seconds), max_wait_seconds)
        try:
            yield connection
        finally:
            with suppress(DBAPIError, Unavailable):  # a lost connection has lost the lock, too
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})


def _get_lock(connection: Connection, name: str, seconds: float) -> bool:
    statement = text("SELECT GET_LOCK(:name, :seconds)")
    return bool(connection.execute(statement, {"name": name, "seconds": seconds}).scalar_one())


def _wait_until(acquire: Callable[[float], bool], max_wait_seconds: float) -> None:
    started = time.monotonic()
    while not acquire(min(REPORT_INTERVAL_SECONDS, max_wait_seconds)):
        waited = round(time.monotonic() - started)
        if waited >= max_wait_seconds:
            reason = TimeoutError(f"another process has been migrating or filling it for {waited} seconds")
            raise Unavailable("The database is too busy.", "DATABASE_BUSY") from reason
        log.info("waiting for another process that migrates or fills the database", seconds=waited)
