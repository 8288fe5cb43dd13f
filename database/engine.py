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
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import StaticPool

from database.options import Options
from mesh.env import ConfigError
from mesh.errors import Unavailable

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


class DatabaseUrlError(ConfigError):
    """`dbURL` cannot be used; the message says why and holds no password."""


def parse_url(url: str) -> URL:
    """The parts of a `dbURL`.

    Raises:
        DatabaseUrlError: when it is not a URL of SQLite, MySQL or MariaDB, or names a driver that is not installed.
    """
    with suppress(ArgumentError, ValueError):
        parts = make_url(url)
        if (parts.get_backend_name(), parts.get_driver_name()) in ENGINES:
            return parts
    message = "dbURL must look like sqlite:///data/bookstore.db or mysql+mysqlconnector://user:password@host/name."
    raise DatabaseUrlError(message)


class Database:
    """Pools of connections to one database.

    Args:
        url: where it is.
        options: how to connect to it.
    """

    def __init__(self, url: URL, options: Options | None = None) -> None:
        self.url = url
        self._turn: AbstractContextManager[object] = nullcontext()
        self._immediate = url.get_backend_name() == "sqlite"
        if self._immediate:
            self._readers = self._writers = _sqlite(url, options or Options())
            # SQLite lets writers poll for its one lock, and some starve; here the threads of a process queue up.
            self._turn = threading.Lock()
        else:
            # The driver takes long to load: a bookstore on SQLite does without.
            from database.servers import describe, server_engine  # noqa: PLC0415 - see above

            self._writers = server_engine(url, options or Options(), "READ COMMITTED")
            self._readers = server_engine(url, options or Options(), "AUTOCOMMIT")
            describe(self._readers)

    def read(self) -> Connection:
        """A connection whose statements stand alone: BEGIN and ROLLBACK would cost a server two more round trips.

        Raises:
            Unavailable: when the database cannot be reached.
        """
        return _connected(self._readers)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: call `commit()` on the connection; leaving the block without it rolls back.

        Raises:
            Unavailable: when the database cannot be reached.
        """
        with self._turn, _connected(self._writers) as connection:
            connection.begin()
            if self._immediate:  # takes the write lock at once: transactions that read first fail when they meet
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def ping(self) -> None:
        """Asks the server for a sign of life.

        Raises:
            Unavailable: when it gives none.
            DBAPIError: when a file is no database.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Closes all connections that are not in use."""
        self._readers.dispose()
        self._writers.dispose()


def retry_transaction(transaction: Callable[P, T]) -> Callable[P, T]:
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


def describe_failure(url: URL, error: DBAPIError | Unavailable) -> str:
    """One sentence that says why a database cannot be used, without its password."""
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return f"The database {url.render_as_string(hide_password=True)} cannot be used: {cause}."


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise Unavailable("The database is too busy.", "DATABASE_BUSY") from error


def _sqlite(url: URL, options: Options) -> Engine:
    if url.database in {None, "", ":memory:"}:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        _make_folder(Path(str(url.database)).parent)
        engine = create_engine(url, pool_size=options.pool_size, max_overflow=options.pool_size)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"dbURL: the folder {folder} cannot be made: {error.strerror}."
        raise DatabaseUrlError(message) from None


def _prepare_sqlite(connection: SqliteConnection, _: object) -> None:
    connection.isolation_level = None  # no BEGIN by the driver: its are deferred
    pragmas = (f"busy_timeout = {BUSY_TIMEOUT}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
