"""A clock for tests."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that a test sets. Call it for a UTC datetime, or call `timestamp` for seconds.

    Args:
        now: the initial time.
    """

    def __init__(self, now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the current time as a UTC datetime."""
        return self.now

    def timestamp(self) -> float:
        """Return the current time in seconds since the epoch."""
        return self.now.timestamp()

    def advance(self, by: timedelta | float) -> None:
        """Move the clock forward by a timedelta or a number of seconds."""
        self.now += by if isinstance(by, timedelta) else timedelta(seconds=by)
