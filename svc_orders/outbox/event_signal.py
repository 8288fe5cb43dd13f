"""Wakes the tasks that wait for events."""

import asyncio
import threading
from contextlib import suppress


class EventSignal:
    """A counted signal: a notification between a look at the database and the wait that follows is not lost.

    Threads may notify, and tasks of several event loops may wait.

    Attributes:
        count: number of notifications.
        closed: whether waiting has ended for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.count = 0
        self.closed = False

    def notify(self) -> None:
        """Wake all waiting tasks."""
        with self._lock:
            self.count += 1
            waiting = list(self._waiting.items())
        for event, loop in waiting:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """Wake all waiting tasks, and let no task wait any more."""
        self.closed = True
        self.notify()

    async def wait(self, last_count: int, timeout_seconds: float) -> None:
        """Wait until there are more notifications than `last_count`, or until the timeout."""
        event = asyncio.Event()
        with self._lock:
            if self.closed or self.count != last_count:
                return
            self._waiting[event] = asyncio.get_running_loop()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), timeout_seconds)
        finally:
            with self._lock:
                del self._waiting[event]
