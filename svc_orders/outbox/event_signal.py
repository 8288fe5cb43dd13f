"""Wakes the threads that wait for events."""

import threading


class EventSignal:
    """A counted signal: a notification between a look at the database and the wait that follows is not lost.

    Attributes:
        count: number of notifications.
        closed: whether waiting has ended for good.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.count = 0
        self.closed = False

    def notify(self) -> None:
        """Wake all waiting threads."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Wake all waiting threads, and let no thread wait any more."""
        self.closed = True
        self.notify()

    def wait(self, last_count: int, timeout_seconds: float) -> None:
        """Wait until there are more notifications than `last_count`, or until the timeout."""
        with self._condition:
            self._condition.wait_for(lambda: self.closed or self.count != last_count, timeout_seconds)
