"""Engines for MySQL and MariaDB: session settings, encryption, and lost connections."""

from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from sqlalchemy import Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from database.options import ConnectionOptions
from mesh import logs
from mesh.errors import Unavailable

CONNECTION_LOST_ERRORS = frozenset({1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 4031})
"""Error numbers of a connection that no longer works: the server stops, has restarted, or has closed it."""
ENCRYPTION_NEEDED_ERROR = 2061
"""Error number of MySQL when it has not verified the account's password since its start, which needs encryption."""
LOCK_WAIT_TIMEOUT_SECONDS = 5
"""Time that a transaction waits for another one's lock: the longest deadline of a writing RPC in the contract."""
MAX_CONNECTION_AGE_SECONDS = 1800
SESSION_SETTINGS = (
    # Strict mode: a value that does not fit is an error, whatever the server's own setting.
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    f"NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = {LOCK_WAIT_TIMEOUT_SECONDS}"
)

log = logs.get("database")


class TlsUnavailableError(mysql.connector.OperationalError):
    """The server does not encrypt, but the settings require it."""


def mysql_engine(url: URL, options: ConnectionOptions, isolation_level: str) -> Engine:
    """Return an engine that replaces connections which the server has closed.

    The pool pings each connection before it hands it out, so that a restart of the server fails only the calls that
    run at that time. Returned connections need no ROLLBACK, because `Database` ends every transaction that it begins.
    """
    engine = create_engine(
        url,
        isolation_level=isolation_level,
        pool_size=options.pool_size,
        max_overflow=options.pool_overflow,
        pool_timeout=options.timeout_seconds,
        pool_pre_ping=True,
        pool_recycle=MAX_CONNECTION_AGE_SECONDS,
        pool_use_lifo=True,  # lets connections that were opened for a peak become idle, so that the server closes them
        pool_reset_on_return=None,
        connect_args=_connect_arguments(options),
        hide_parameters=True,  # keeps emails and password hashes out of the logs
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _session_setup(options))
    event.listen(engine, "handle_error", _translate_error)
    return engine


def log_first_connection(engine: Engine) -> None:
    """Log the versions of the server and the driver when the engine connects for the first time."""
    event.listen(engine, "first_connect", _log_versions)


if mysql.connector.HAVE_CEXT:

    class ServerConnection(mysql.connector.CMySQLConnection):
        """A connection without the driver's additional round trips, which triple the cost of a small statement."""

        def is_connected(self) -> bool:
            """Return whether it was opened. The driver pings before each cursor, but the pool has pinged already."""
            return self._cmysql is not None

        def rollback(self) -> None:
            """Roll back, unless the connection commits each statement."""
            if not self._autocommit:
                super().rollback()
else:
    ServerConnection = mysql.connector.MySQLConnection  # type: ignore[misc,assignment] # pure Python; see `_log_versions`


def _connect(_: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]) -> MySQLConnectionAbstract:
    if arguments.pop("use_pure", False):
        return mysql.connector.MySQLConnection(**arguments)
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


def _session_setup(options: ConnectionOptions) -> Any:  # noqa: ANN401 - SQLAlchemy's events take any function
    def set_up(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - of either implementation
        if options.tls == "required" and not _cipher(connection):
            connection.close()
            raise TlsUnavailableError("The server does not offer TLS, which DB_TLS requires.")
        with connection.cursor() as cursor:
            cursor.execute(SESSION_SETTINGS)

    return set_up


def _translate_error(context: ExceptionContext) -> None:
    """Raise `Unavailable` for a lost or refused connection; other errors pass, because a retry would not help.

    Raises:
        Unavailable: the connection was lost, or could not be opened.
    """
    number = getattr(context.original_exception, "errno", None)
    if number in CONNECTION_LOST_ERRORS:
        context.is_disconnect = True  # lets the pool drop all connections that are older
    if context.is_pre_ping:
        return
    if context.is_disconnect or context.connection is None:
        message = "The database cannot be reached."  # for callers; the cause is for the logs
        raise Unavailable(message, "DATABASE_UNAVAILABLE") from context.original_exception


def _cipher(connection: Any) -> str:  # noqa: ANN401 - of either implementation
    if hasattr(connection, "_cmysql"):
        return str(connection._cmysql.get_ssl_cipher() or "")  # noqa: SLF001 - has no public name; version is pinned
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        return str(cursor.fetchone()[1])


def _log_versions(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - of either implementation
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
