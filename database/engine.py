"""The database as services see it: connections for reading, transactions for writing."""

import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from mesh.env import ConfigError

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of any columns, read by their names."""

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT = 10_000
"""Milliseconds that a writer waits for another on SQLite."""
ENGINES = {("sqlite", "pysqlite"), ("mysql", "mysqlconnector"), ("mariadb", "mysqlconnector")}
"""Each with the one driver that is installed for it."""
ATTEMPTS = 10
DEADLOCK, LOCK_WAIT = 1213, 1205
"""MySQL's numbers for a transaction that lost to another one and can simply be done again."""


class BadUrlError(ConfigError):
    """`dbURL` cannot be used; the message says why and holds no password."""


def parse_url(url: str) -> URL:
    """The parts of a `dbURL`.

    Raises:
        BadUrlError: when it is not a URL of SQLite, MySQL or MariaDB, or names a driver that is not installed.
    """
    with suppress(ArgumentError, ValueError):
        parts = make_url(url)
        if (parts.get_backend_name(), parts.get_driver_name()) in ENGINES:
            return parts
    message = "dbURL must look like sqlite:///data/bookstore.db or mysql+mysqlconnector://user:password@host/name."
    raise BadUrlError(message)


class Database:
    """Pools of connections to one database.

    Args:
        url: where it is.
        pool_size: connections kept open; twice as many are opened in a rush.
    """

    def __init__(self, url: URL, pool_size: int = 16) -> None:
        self.url = url
        self._writers = _engine(url, pool_size)
        self._turn: AbstractContextManager[object] = nullcontext()
        if url.get_backend_name() == "sqlite":
            self._readers = self._writers
            # SQLite lets writers poll for its one lock, and some starve; here the threads of a process queue up.
            self._turn = threading.Lock()
        else:
            self._readers = _engine(url, pool_size, "AUTOCOMMIT")

    def read(self) -> Connection:
        """A connection whose statements stand alone: BEGIN and ROLLBACK would cost a server two more round trips."""
        return self._readers.connect()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: call `commit()` on the connection; leaving the block without it rolls back."""
        with self._turn, self._writers.connect().execution_options(writes=True) as connection:
            connection.begin()
            yield connection

    def ping(self) -> None:
        """Asks the server for a sign of life.

        Raises:
            DBAPIError: when it gives none.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Closes all connections that are not in use."""
        self._readers.dispose()
        self._writers.dispose()


def repeated(transaction: Callable[P, T]) -> Callable[P, T]:
    """Does a whole transaction again while the database says that it lost to another one.

    This driver raises 1213 as InternalError and 1205 as DatabaseError, so only the number tells them from failures
    that last. After 1205 InnoDB has undone a single statement: the function has to have left its `write()` block,
    which rolls everything back, before it is called again.
    """

    @functools.wraps(transaction)
    def attempts(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(ATTEMPTS - 1):
            try:
                return transaction(*args, **kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "errno", None) not in {DEADLOCK, LOCK_WAIT}:
                    raise
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - spreads the attempts, guards nothing
        return transaction(*args, **kwargs)

    return attempts


def _engine(url: URL, pool_size: int, isolation_level: str = "READ COMMITTED") -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size)
    return create_engine(
        url,
        isolation_level=isolation_level,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


def _sqlite(url: URL, pool_size: int) -> Engine:
    if url.database in {None, "", ":memory:"}:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        _make_folder(Path(str(url.database)).parent)
        engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"dbURL: the folder {folder} cannot be made: {error.strerror}."
        raise BadUrlError(message) from None


def _prepare_sqlite(connection: SqliteConnection, _: object) -> None:
    connection.isolation_level = None  # no BEGIN by the driver: its are deferred
    pragmas = (f"busy_timeout = {BUSY_TIMEOUT}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """Takes the write lock at once: deferred transactions that read first fail when they meet."""
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
