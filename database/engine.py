"""Access to the database: connections for reading, transactions for writing."""

import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import StaticPool

from database.options import DEFAULTS, ConnectionOptions
from mesh.env import ConfigError
from mesh.errors import Unavailable
from mesh.files import create_private_file, create_private_folder, make_private

P = ParamSpec("P")
T = TypeVar("T")

SQLITE_BUSY_TIMEOUT_MILLISECONDS = 10_000
"""Time that a process waits for another one's write lock."""
DEFAULT_FOLDER = Path("data")
"""The folder of the default database, which contains nothing else."""
SUPPORTED_DRIVERS = {("sqlite", "pysqlite"), ("mysql", "mysqlconnector"), ("mariadb", "mysqlconnector")}
"""Databases, each with the only driver that is installed for it."""
MAX_ATTEMPTS = 10
MAX_FIRST_RETRY_DELAY_SECONDS = 0.005
"""Upper bound of the random delay before the second attempt; it doubles with each further one."""
DEADLOCK, LOCK_WAIT_TIMEOUT = 1213, 1205
"""MySQL's error numbers for a transaction that lost against another one and can be repeated."""


class DatabaseUrlError(ConfigError):
    """`dbURL` cannot be used. The message contains the reason and no password."""


def parse_url(url: str) -> URL:
    """Parse a `dbURL`.

    Raises:
        DatabaseUrlError: it is not a URL of SQLite, MySQL or MariaDB, or its driver is not installed.
    """
    with suppress(ArgumentError, ValueError):
        parts = make_url(url)
        if (parts.get_backend_name(), parts.get_driver_name()) in SUPPORTED_DRIVERS:
            return parts
    message = "dbURL must look like sqlite:///data/bookstore.db or mysql+mysqlconnector://user:password@host/name."
    raise DatabaseUrlError(message)


class Database:
    """Pools of connections to one database.

    Args:
        url: the URL of the database.
        options: the options of its connections.
    """

    def __init__(self, url: URL, options: ConnectionOptions = DEFAULTS) -> None:
        self.url = url
        self._write_turn: AbstractContextManager[object] = nullcontext()
        self._is_sqlite = url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            self._readers = self._writers = _sqlite_engine(url, options)
            # SQLite's writers poll for its only lock, and some starve. With this lock, the threads of a process queue.
            self._write_turn = threading.Lock()
        else:
            # The driver takes long to import, and SQLite does not need it.
            from database.mysql import log_first_connection, mysql_engine  # noqa: PLC0415 - see above

            self._writers = mysql_engine(url, options, "READ COMMITTED")
            self._readers = mysql_engine(url, options, "AUTOCOMMIT")
            log_first_connection(self._readers)

    def read(self) -> Connection:
        """Return a connection that commits each statement: BEGIN and ROLLBACK would be two more round trips.

        Raises:
            Unavailable: the database cannot be reached, or all connections are in use.
        """
        return _connect(self._readers)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Begin a transaction. Call `commit()` on the connection; leaving the block without it rolls back.

        Raises:
            Unavailable: the database cannot be reached, or all connections are in use.
        """
        with self._write_turn, _connect(self._writers) as connection:
            connection.begin()
            if self._is_sqlite:  # takes the write lock now: of two transactions that read first, one would fail later
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def ping(self) -> None:
        """Check that the database responds.

        Raises:
            Unavailable: the server does not respond.
            DBAPIError: the file is not a SQLite database.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._readers.dispose()
        self._writers.dispose()


def retry_transaction(transaction: Callable[P, T], sleep: Callable[[float], None] = time.sleep) -> Callable[P, T]:
    """Repeat a whole transaction, at most `MAX_ATTEMPTS` times in all, while it fails by a deadlock or a lock wait.

    The driver raises 1213 as InternalError and 1205 as DatabaseError, so that only the number distinguishes them from
    permanent failures. After 1205 InnoDB has rolled back only the last statement: the function must have left its
    `write()` block, which rolls back the rest, before it is called again.
    """

    @functools.wraps(transaction)
    def with_retries(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(MAX_ATTEMPTS - 1):
            try:
                return transaction(*args, **kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "errno", None) not in {DEADLOCK, LOCK_WAIT_TIMEOUT}:
                    raise
            sleep(random.uniform(0, MAX_FIRST_RETRY_DELAY_SECONDS * 2**attempt))  # noqa: S311 - not for security
        return transaction(*args, **kwargs)

    return with_retries


def describe_failure(url: URL, error: DBAPIError | Unavailable) -> str:
    """Return one sentence that says why a database cannot be used, without the password."""
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return f"The database {url.render_as_string(hide_password=True)} cannot be used: {cause}."


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise Unavailable("The database is too busy.", "DATABASE_BUSY") from error


def _sqlite_engine(url: URL, options: ConnectionOptions) -> Engine:
    if url.database in {None, "", ":memory:"}:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        if not str(url.database).startswith("file:"):  # with `uri=true`, where SQLite says whether it may be created
            _create_private(Path(str(url.database)))
        engine = create_engine(url, pool_size=options.pool_size, max_overflow=options.pool_size)
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _create_private(file: Path) -> None:
    """Create the file of a database, which only its owner may read; SQLite creates the others with the same mode."""
    try:
        create_private_folder(file.parent)
    except OSError as error:
        message = f"dbURL: the folder {file.parent} cannot be created: {error.strerror}."
        raise DatabaseUrlError(message) from None
    if file.parent == DEFAULT_FOLDER:  # any other one may contain more than the database
        make_private(file.parent)
    with suppress(OSError):  # SQLite reports it when it opens the file
        create_private_file(file)
    for suffix in ("-wal", "-shm"):
        make_private(file.with_name(file.name + suffix))


def _configure_sqlite(connection: SqliteConnection, _: object) -> None:
    connection.isolation_level = None  # turns off the driver's own BEGIN, which is deferred
    pragmas = (
        f"busy_timeout = {SQLITE_BUSY_TIMEOUT_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    )
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
