"""Access to the database: connections for reading, transactions for writing."""

import functools
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar, overload

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from database.mysql.session import LOCK_WAIT_TIMEOUT_SECONDS
from database.options import DEFAULTS, ConnectionOptions
from database.readiness import check_schema, check_writable
from database.sqlite import begin_immediate, is_in_memory, sqlite_engine
from database.transactions.deadline import remaining_seconds
from database.transactions.failures import (
    COMMIT_UNKNOWN,
    CONFLICTS,
    LOCK_WAIT_TIMEOUT,
    FreeSpace,
    LockWaitError,
    busy,
    error_number,
)
from mesh.env import ConfigError
from mesh.errors import Unavailable
from mesh.files import create_private_file, create_private_folder, make_private

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_FOLDER = Path("data")
"""The folder of the default database, which contains nothing else."""
SUPPORTED_DRIVERS = {("sqlite", "pysqlite"), ("mysql", "mysqlconnector"), ("mariadb", "mysqlconnector")}
"""Databases, each with the only driver that is installed for it."""
MAX_ATTEMPTS = 10
MAX_FIRST_RETRY_DELAY_SECONDS = 0.005
"""Upper bound of the random delay before the second attempt; it doubles with each further one."""
PROBE_TIMEOUT_SECONDS = 5
"""Time limit of a statement that checks whether the database responds."""
MIN_SECONDS_BETWEEN_READER_RESETS = 1.0


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
        self._free_space = FreeSpace()
        self._is_sqlite = url.get_backend_name() == "sqlite"
        # SQLite's writers poll for its only lock, and some starve. With this lock, the threads of a process queue.
        self._write_turn = threading.Lock() if self._is_sqlite else None
        self._readers_reset_at = 0.0
        # Probes have a connection of their own: a service whose connections are all in use still works.
        probe_options = replace(
            options, pool_size=1, pool_overflow=0, timeout_seconds=min(PROBE_TIMEOUT_SECONDS, options.timeout_seconds)
        )
        if self._is_sqlite:
            self._readers = self._writers = self._probes = _sqlite_engine(url, options, self._free_space)
            if not is_in_memory(url):
                self._probes = sqlite_engine(url, probe_options, self._free_space)
        else:
            # The driver takes long to import, and SQLite does not need it.
            from database.mysql.engine import Role, log_first_connection, mysql_engine  # noqa: PLC0415 - see above

            self._writers = mysql_engine(url, options, Role("READ COMMITTED", self._free_space, self._reset_readers))
            self._readers = mysql_engine(url, options, Role("AUTOCOMMIT", self._free_space))
            self._probes = mysql_engine(url, probe_options, Role("AUTOCOMMIT", self._free_space))
            log_first_connection(self._readers, self._probes)

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
            Unavailable: the database cannot be reached, all connections are in use, or another transaction keeps
                SQLite's write lock for longer than the current call may take.
        """
        with self._turn_to_write(), _connect(self._writers) as connection:
            connection.begin()
            if self._is_sqlite:
                begin_immediate(connection, remaining_seconds())
            yield connection
            if self._free_space.is_exhausted and not connection.in_transaction():
                self._free_space.report_commit()

    def ping(self) -> None:
        """Check that the database responds.

        Raises:
            Unavailable: the server does not respond.
            DBAPIError: the file is not a SQLite database.
        """
        with _connect(self._probes) as connection:
            connection.execute(text("SELECT 1"))

    def check_ready(self) -> None:
        """Check that the database can be used: it responds, accepts changes, and has the schema that is needed.

        Raises:
            Unavailable: the database cannot be used; the message says why.
            DBAPIError: the file is not a SQLite database.
        """
        with _connect(self._probes) as connection:
            check_schema(connection)
            if not self._is_sqlite:
                check_writable(connection)

    def close(self) -> None:
        """Close all connections that are not in use."""
        for engine in (self._readers, self._writers, self._probes):
            engine.dispose()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        if self._write_turn is None:
            yield
            return
        if not self._write_turn.acquire(timeout=remaining_seconds()):
            raise busy()
        try:
            yield
        finally:
            self._write_turn.release()

    def _reset_readers(self) -> None:
        """Open the readers' connections anew: after a switchover they would read from a server that falls behind."""
        now = time.monotonic()
        if now - self._readers_reset_at > MIN_SECONDS_BETWEEN_READER_RESETS:
            self._readers_reset_at = now
            self._readers.dispose()


@overload
def retry_transaction(transaction: Callable[P, T], *, sleep: Callable[[float], None] = ...) -> Callable[P, T]: ...
@overload
def retry_transaction(
    *, idempotent: bool = ..., wait_for_locks: bool = ...
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def retry_transaction(
    transaction: Callable[P, T] | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    idempotent: bool = False,
    wait_for_locks: bool = True,
) -> Callable[P, T] | Callable[[Callable[P, T]], Callable[P, T]]:
    """Repeat a whole transaction while it fails by a deadlock or a lock wait, as long as the current call may take.

    The driver raises 1213 as InternalError and 1205 as DatabaseError, so that only the number distinguishes them from
    permanent failures. After 1205 InnoDB has rolled back only the last statement: the function must have left its
    `write()` block, which rolls back the rest, before it is called again.

    Args:
        transaction: the transaction; without it, a decorator with the other arguments is returned.
        sleep: waits for a number of seconds.
        idempotent: whether to repeat a transaction also when the result of its COMMIT is unknown. A key or a condition
            must keep the second transaction from changing anything when the first one was stored.
        wait_for_locks: whether to repeat a transaction that has waited for a row in vain; else `LockWaitError` is
            raised, after one second.

    Raises:
        Unavailable: the transaction has failed `MAX_ATTEMPTS` times or too late (`DATABASE_BUSY`), or it may have been
            stored (`COMMIT_UNKNOWN`).
    """
    retry = functools.partial(_retry, sleep=sleep, idempotent=idempotent, wait_for_locks=wait_for_locks)
    return retry(transaction) if transaction else retry


def _retry(
    transaction: Callable[P, T], *, sleep: Callable[[float], None], idempotent: bool, wait_for_locks: bool
) -> Callable[P, T]:
    @functools.wraps(transaction)
    def with_retries(*args: P.args, **kwargs: P.kwargs) -> T:
        deadline = time.monotonic() + remaining_seconds()
        for attempt in itertools.count(1):
            delay = random.uniform(0, MAX_FIRST_RETRY_DELAY_SECONDS * 2 ** (attempt - 1))  # noqa: S311 - not for security
            try:
                return transaction(*args, **kwargs)
            except DBAPIError as error:
                number = error_number(error.orig)
                if number not in CONFLICTS:
                    raise
                if number == LOCK_WAIT_TIMEOUT and not wait_for_locks:
                    raise LockWaitError from error
                next_wait = delay + (LOCK_WAIT_TIMEOUT_SECONDS if number == LOCK_WAIT_TIMEOUT else 0)
                if attempt == MAX_ATTEMPTS or time.monotonic() + next_wait >= deadline:
                    raise busy() from error
            except Unavailable as error:
                is_repeatable = error.reason == COMMIT_UNKNOWN and idempotent and attempt < MAX_ATTEMPTS
                if not is_repeatable or time.monotonic() + delay >= deadline:
                    raise
            sleep(delay)
        raise AssertionError

    return with_retries


def describe_failure(url: URL, error: DBAPIError | Unavailable) -> str:
    """Return one sentence that says why a database cannot be used, without the password."""
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return f"The database {url.render_as_string(hide_password=True)} cannot be used: {cause}."


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise busy() from error


def _sqlite_engine(url: URL, options: ConnectionOptions, free_space: FreeSpace) -> Engine:
    # In a `file:` name with `uri=true`, options say whether SQLite may create the file.
    if not is_in_memory(url) and not str(url.database).startswith("file:"):
        _create_private(Path(str(url.database)))
    return sqlite_engine(url, options, free_space)


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
