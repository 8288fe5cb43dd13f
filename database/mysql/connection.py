"""Connections to MySQL and MariaDB whose errors are of one family and contain no values of a statement.

Messages of the server quote values, such as the email in `Duplicate entry 'ann@example.org' for key 'uq_Users_email'`,
and errors are logged.
"""

import re
from typing import Any

import mysql.connector
from mysql.connector import errorcode
from mysql.connector.errors import get_mysql_exception

DUPLICATE_ENTRY = 1062
KEY_NAME = re.compile(r"for key '([\w.]+)'$")
FIRST_CLIENT_ERROR, LAST_CLIENT_ERROR = 2000, 2999
"""Numbers of errors that the client library raises; they are about the connection."""
SAFE_ERRORS = frozenset({
    1005, 1007, 1008, 1021, 1026, 1030, 1040, 1044, 1045, 1046, 1047, 1048, 1049, 1050, 1051, 1053, 1054, 1060, 1061,
    1091, 1099, 1114, 1129, 1130, 1142, 1143, 1146, 1158, 1159, 1160, 1161, 1175, 1180, 1203, 1205, 1213, 1226, 1227,
    1264, 1290, 1317, 1364, 1406, 1451, 1452, 1665, 1792, 1836, 1927, 1969, 3024, 3098, 3100, 3101, 3105, 3572, 3819,
    3822, 4025, 4031,
})  # fmt: skip
"""Errors of the server whose messages contain names of tables, columns, accounts and options only."""
NAMES = {number: name for name, number in vars(errorcode).items() if name.startswith("ER_") and isinstance(number, int)}


class CommitError(mysql.connector.DatabaseError):
    """COMMIT failed; `errno` is the server's or the client's error number."""


class Guarded:
    """Overrides the methods of a connection whose errors would be of another class or contain values."""

    def cmd_query(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the driver's own signature
        """Execute a statement.

        Raises:
            Error: it failed; the message contains no values.
        """
        try:
            return super().cmd_query(*args, **kwargs)  # type: ignore[misc] # a mixin
        except mysql.connector.Error as error:
            raise without_values(error) from None

    def commit(self) -> None:
        """Commit the transaction.

        Raises:
            CommitError: it failed, or its result is unknown.
        """
        try:
            super().commit()  # type: ignore[misc] # a mixin
        except Exception as error:
            raise _typed(error, CommitError) from error

    def rollback(self) -> None:
        """Roll back the transaction.

        Raises:
            Error: the connection was lost.
        """
        try:
            super().rollback()  # type: ignore[misc] # a mixin
        except Exception as error:
            raise _typed(error) from error


if mysql.connector.HAVE_CEXT:

    class ServerConnection(Guarded, mysql.connector.CMySQLConnection):
        """A connection without the driver's additional round trips, which triple the cost of a small statement."""

        def is_connected(self) -> bool:
            """Return whether it was opened. The driver pings before each cursor, but the pool has pinged already."""
            return self._cmysql is not None

        def rollback(self) -> None:
            """Roll back, unless the connection commits each statement."""
            if not self._autocommit:
                super().rollback()


class PureConnection(Guarded, mysql.connector.MySQLConnection):
    """A connection without the C extension, which may be missing."""


if not mysql.connector.HAVE_CEXT:
    ServerConnection = PureConnection  # type: ignore[misc,assignment] # the log has a warning


def without_values(error: mysql.connector.Error) -> mysql.connector.Error:
    """Return the error, or a copy of it whose message has no values of the statement."""
    number = error.errno
    if number in SAFE_ERRORS or number < 0 or FIRST_CLIENT_ERROR <= number <= LAST_CLIENT_ERROR:
        return error
    message = NAMES.get(number, "error of the server")
    key = KEY_NAME.search(error.msg or "") if number == DUPLICATE_ENTRY else None
    if key:  # it is the end of the message, so that no value can look like it
        message = f"{message} for key '{key[1]}'"
    return type(error)(msg=message, errno=number, sqlstate=error.sqlstate)


def _typed(error: Exception, kind: type[mysql.connector.Error] | None = None) -> Exception:
    """Return an error of the driver's own family: the C extension raises another class, which SQLAlchemy passes on."""
    number = getattr(error, "errno", None)
    if number is None:
        return error
    message, state = getattr(error, "msg", None), getattr(error, "sqlstate", None)
    if kind:
        return kind(msg=message, errno=number, sqlstate=state)
    return error if isinstance(error, mysql.connector.Error) else get_mysql_exception(number, message, state)
