"""Engines for MySQL and MariaDB: their sessions, their encryption, and what to do when the server goes away."""

from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from sqlalchemy import Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from database.options import Options
from mesh import logs
from mesh.errors import Unavailable

GONE = frozenset({1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 4031})
"""Numbers that say that the connection is no more: the server stops, has restarted, or has closed it."""
UNKNOWN_YET = 2061
"""Number that says that the server has not checked this account's password since it started."""
LOCK_WAIT = 5
"""Seconds that a transaction waits for another one's lock: as long as the contract's writing calls may take."""
SESSION = (
    # Strict: a value that does not fit is an error on every server, however lax its own setting.
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    f"NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = {LOCK_WAIT}"
)

log = logs.get("database")


class PlainTextError(mysql.connector.OperationalError):
    """The server does not encrypt, though it has to."""


def server_engine(url: URL, options: Options, isolation_level: str) -> Engine:
    """An engine whose connections live as long as their server does.

    The pool asks the server for a sign of life before it hands a connection out, so that a restart fails the calls
    that are on their way and no later one. Returned connections need no ROLLBACK: `Database` ends what it begins.
    """
    engine = create_engine(
        url,
        isolation_level=isolation_level,
        pool_size=options.pool_size,
        max_overflow=options.pool_overflow,
        pool_timeout=options.timeout,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_use_lifo=True,  # the connections of a rush get old and are closed by the server
        pool_reset_on_return=None,
        connect_args=_arguments(options),
        hide_parameters=True,  # emails and hashes do not belong in logs
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _prepare(options))
    event.listen(engine, "handle_error", _judge)
    return engine


def describe(engine: Engine) -> None:
    """Logs once, with the first connection, which server answers and which driver asks."""
    event.listen(engine, "first_connect", _log_server)


if mysql.connector.HAVE_CEXT:

    class ServerConnection(mysql.connector.CMySQLConnection):
        """A connection without the driver's own round trips, which triple the price of a small statement."""

        def is_connected(self) -> bool:
            """Whether it was opened. The driver asks before each cursor; the pool has asked the server already."""
            return self._cmysql is not None

        def rollback(self) -> None:
            """Rolls back, where there can be a transaction."""
            if not self._autocommit:
                super().rollback()
else:
    ServerConnection = mysql.connector.MySQLConnection  # type: ignore[misc,assignment] # the slow stand-in; see `_log_server`


def _connect(_: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]) -> MySQLConnectionAbstract:
    if arguments.pop("use_pure", False):
        return mysql.connector.MySQLConnection(**arguments)
    try:
        return ServerConnection(**arguments)
    except mysql.connector.Error as error:
        if error.errno != UNKNOWN_YET or not arguments["ssl_disabled"]:
            raise
    # MySQL lets in without encryption only whom it knows: let it check the password once, encrypted.
    ServerConnection(**{**arguments, "ssl_disabled": False}).close()
    return ServerConnection(**arguments)


def _arguments(options: Options) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "connection_timeout": options.connect_timeout,
        "read_timeout": options.timeout,
        "write_timeout": options.timeout,
        "ssl_disabled": options.tls == "off",
    }
    if options.tls_ca:
        arguments |= {"ssl_ca": options.tls_ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    return arguments


def _prepare(options: Options) -> Any:  # noqa: ANN401 - SQLAlchemy's events take any function
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - of either implementation
        if options.tls == "required" and not _cipher(connection):
            connection.close()
            raise PlainTextError("The server does not offer TLS, which DB_TLS requires.")
        with connection.cursor() as cursor:
            cursor.execute(SESSION)

    return prepare


def _judge(context: ExceptionContext) -> None:
    """Tells a server that is away from a statement that is wrong; the former is worth another try.

    Raises:
        Unavailable: when there is no connection, or none any more.
    """
    number = getattr(context.original_exception, "errno", None)
    if number in GONE:
        context.is_disconnect = True  # the pool drops all connections that are older
    if context.is_pre_ping:
        return
    if context.is_disconnect or context.connection is None:
        raise unavailable() from context.original_exception


def unavailable() -> Unavailable:
    """What callers hear; the cause is for logs."""
    return Unavailable("The database cannot be reached.", "DATABASE_UNAVAILABLE")


def _cipher(connection: Any) -> str:  # noqa: ANN401 - of either implementation
    if hasattr(connection, "_cmysql"):
        return str(connection._cmysql.get_ssl_cipher() or "")  # noqa: SLF001 - the driver has no other name for it
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        return str(cursor.fetchone()[1])


def _log_server(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - of either implementation
    compiled = isinstance(connection, mysql.connector.CMySQLConnection) if mysql.connector.HAVE_CEXT else False
    log.info(
        "database",
        server=str(connection.server_info).removeprefix("5.5.5-"),  # MariaDB's, for clients of old
        driver=f"mysql-connector-python {mysql.connector.__version__}",
        implementation="C extension" if compiled else "pure Python",
        tls=_cipher(connection) or "off",
    )
    if not compiled:
        log.warning("slow driver", why="the connector's C extension does not load: each call costs twice the CPU")
