"""The clock of the database, which all replicas share."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from database.engine import Database

NOW = text("SELECT UTC_TIMESTAMP(6)")


def _system_time(_: Database) -> datetime:
    return datetime.now(UTC)


class DatabaseClock:
    """Returns the database's time without a query: it adds the time since the last `refresh`.

    A change of the process's own clock has no effect, and a change of the database's clock has one after the next
    refresh. Until the first one, the process's own clock is used. SQLite has no other clock.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read = _system_time if database.url.get_backend_name() == "sqlite" else _server_time
        self._reference = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        """Return the current time, UTC."""
        reference, read_at = self._reference
        return reference + timedelta(seconds=time.monotonic() - read_at)

    def refresh(self) -> None:
        """Read the database's clock.

        Raises:
            Unavailable: the database cannot be reached, or all connections are in use.
        """
        self._reference = self._read(self._database), time.monotonic()


def _server_time(database: Database) -> datetime:
    with database.read() as connection:
        now: datetime = connection.execute(NOW).scalar_one()
    return now.replace(tzinfo=UTC)
