"""Engines for MySQL and MariaDB: session settings, encryption, and what the errors of the server mean."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from sqlalchemy import Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL

from database.mysql.connection import CommitError, PureConnection, ServerConnection
from database.mysql.session import session_settings
from database.options import ConnectionOptions
from database.transactions.failures import (
    CONFLICTS,
    CONNECTION_LOST,
    INTERRUPTED,
    NO_QUORUM,
    READ_ONLY,
    FreeSpace,
    busy,
    commit_unknown,
    error_number,
    is_disk_full,
    unavailable,
)
from mesh import logs

ENCRYPTION_NEEDED_ERROR = 2061
"""Error number of MySQL when it has not verified the account's password since its start, which needs encryption."""
MAX_CONNECTION_AGE_SECONDS = 300
"""After that a connection is opened anew, and so resolves the address again: another server may have taken over."""

log = logs.get("database")


class TlsUnavailableError(mysql.connector.OperationalError):
    """The server does not encrypt, but the settings require it."""


@dataclass(frozen=True, slots=True)
class Role:
    """What an engine's connections are for.

    Args:
        isolation_level: AUTOCOMMIT for reading, or the isolation level of transactions.
        free_space: records that the server has no space left.
        on_read_only: is called when the server refuses changes.
    """

    isolation_level: Literal["AUTOCOMMIT", "READ COMMITTED"]
    free_space: FreeSpace
    on_read_only: Callable[[], None] = lambda: None

    @property
    def writes(self) -> bool:
        """Whether the connections are for transactions."""
        return self.isolation_level != "AUTOCOMMIT"


def mysql_engine(url: URL, options: ConnectionOptions, role: Role) -> Engine:
    """Return an engine that replaces connections which the server has closed.

    The pool pings each connection before it hands it out, so that a restart of the server fails only the calls that
    run at that time. Returned connections need no ROLLBACK, because `Database` ends every transaction that it begins.
    """
    engine = create_engine(
        url,
        isolation_level=role.isolation_level,
        pool_size=options.pool_size,
        max_overflow=options.pool_overflow,
        pool_timeout=options.pool_timeout_seconds,
        pool_pre_ping=True,
        pool_recycle=MAX_CONNECTION_AGE_SECONDS,
        pool_use_lifo=True,  # lets connections that were opened for a peak become idle, so that the server closes them
        pool_reset_on_return=None,
        connect_args=_connect_arguments(options),
        hide_parameters=True,  # keeps emails and password hashes out of the logs
    )
    settings = session_settings(writes=role.writes, statement_timeout_seconds=options.timeout_seconds)

    def connect(_: Dialect, __: object, ___: list[Any], arguments: dict[str, Any]) -> MySQLConnectionAbstract:
        return _connect(arguments, options, settings)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", lambda context: _translate_error(context, role))
    return engine


def log_first_connection(*engines: Engine) -> None:
    """Log the versions of the server and the driver when the first of the engines connects for the first time."""
    logged = threading.Lock()

    def log_once(connection: Any, _: object) -> None:  # noqa: ANN401 - of either implementation
        if logged.acquire(blocking=False):
            _log_versions(connection)

    for engine in engines:
        event.listen(engine, "first_connect", log_once)


def _connect(arguments: dict[str, Any], options: ConnectionOptions, settings: Iterable[str]) -> MySQLConnectionAbstract:
    connection = _open(arguments)
    if options.tls == "required" and not _cipher(connection):
        connection.close()
        raise TlsUnavailableError("The server does not offer TLS, which DB_TLS requires.")
    # Before SQLAlchemy reads the server's settings: they decide how names and texts are quoted.
    with connection.cursor() as cursor:
        for statement in settings:
            cursor.execute(statement)
    return connection


def _open(arguments: dict[str, Any]) -> MySQLConnectionAbstract:
    if arguments.pop("use_pure", False):
        return PureConnection(**arguments)
    try:
        return ServerConnection(**arguments)
    except mysql.connector.Error as error:
        if error.errno != ENCRYPTION_NEEDED_ERROR or not arguments["ssl_disabled"]:
            raise
    # MySQL accepts an unencrypted log-in only after it has verified the account's password in an encrypted one.
    ServerConnection(**{**arguments, "ssl_disabled": False}).close()
    return ServerConnection(**arguments)


def _connect_arguments(options: ConnectionOptions) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "connection_timeout": options.connect_timeout_seconds,
        "read_timeout": options.timeout_seconds,
        "write_timeout": options.timeout_seconds,
        "ssl_disabled": options.tls == "off",
    }
    if options.tls_ca:
        arguments |= {"ssl_ca": options.tls_ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    return arguments


def _translate_error(context: ExceptionContext, role: Role) -> None:
    """Raise `Unavailable` for failures of the server; the errors of a statement pass, and conflicts of a transaction.

    Raises:
        Unavailable: the database cannot be used, or it is unknown whether a transaction was committed.
    """
    error = context.original_exception
    number = error_number(error)
    at_commit = isinstance(error, CommitError)
    lost = context.is_disconnect or number in CONNECTION_LOST
    if number in READ_ONLY:
        role.on_read_only()
    if lost or number in READ_ONLY | NO_QUORUM:
        context.is_disconnect = True  # lets the pool drop all connections that are older
    elif at_commit:
        context.is_disconnect = True  # the transaction's state is unknown
        context.invalidate_pool_on_disconnect = False
    if context.is_pre_ping or (number in CONFLICTS and role.writes):
        return
    if is_disk_full(error):
        raise role.free_space.report_exhausted(error) from error
    if at_commit and number not in READ_ONLY:
        raise commit_unknown() from error
    if context.is_disconnect or context.connection is None:
        raise unavailable() from error
    if number in INTERRUPTED | CONFLICTS:
        raise busy() from error


def _cipher(connection: Any) -> str:  # noqa: ANN401 - of either implementation
    if hasattr(connection, "_cmysql"):
        return str(connection._cmysql.get_ssl_cipher() or "")  # noqa: SLF001 - has no public name; version is pinned
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        return str(cursor.fetchone()[1])


def _log_versions(connection: Any) -> None:  # noqa: ANN401 - of either implementation
    compiled = isinstance(connection, mysql.connector.CMySQLConnection) if mysql.connector.HAVE_CEXT else False
    log.info(
        "connected to the database",
        server=str(connection.server_info).removeprefix("5.5.5-"),  # MariaDB prepends it for old clients
        driver=f"mysql-connector-python {mysql.connector.__version__}",
        implementation="C extension" if compiled else "pure Python",
        tls=_cipher(connection) or "off",
    )
    if not compiled:
        log.warning("slow database driver", reason="The C extension cannot be loaded: each call costs twice the CPU.")
