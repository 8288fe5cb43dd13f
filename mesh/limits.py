"""Limits of the calls that a server has in progress at the same time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from mesh.errors import ResourceExhausted, Unavailable

MAX_CALLS = 1000
"""Calls of authenticated callers; each of them has a deadline."""
MAX_OPEN_CALLS = 64
"""Calls of methods that need no token. A health check with its message is done within milliseconds."""
MAX_WATCHES = 32
"""Open streams of health's Watch."""
MAX_REFLECTIONS = 16
"""Open streams of reflection."""


class Places:
    """A limited number of places for calls.

    Args:
        limit: number of places.
        displace: whether a new call takes the place of the oldest one when all are in use; else it is refused.
            Callers that need no token displace each other, so that idle calls cannot keep out others.
    """

    def __init__(self, limit: int, *, displace: bool = False) -> None:
        self._limit = limit
        self._displace = displace
        self._tasks: dict[asyncio.Task[object], None] = {}
        self._displaced: set[asyncio.Task[object]] = set()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place for the block, which runs in the task of the call.

        Raises:
            ResourceExhausted: all places are in use.
            Unavailable: a newer call has taken the place.
        """
        task = cast("asyncio.Task[object]", asyncio.current_task())
        if len(self._tasks) >= self._limit:
            self._make_room()
        self._tasks[task] = None
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._displaced:
                raise
            task.uncancel()
            message = "The server needs this call's place for newer calls."
            raise Unavailable(message, "REQUEST_NOT_RECEIVED") from None
        finally:
            self._tasks.pop(task, None)
            self._displaced.discard(task)

    def clear(self) -> None:
        """Displace all calls."""
        while self._tasks:
            self._displace_oldest()

    def _make_room(self) -> None:
        if not self._displace:
            message = "The service is too busy. Please try again."
            raise ResourceExhausted(message, "SERVER_BUSY", metadata={"retry_after": "1"})
        self._displace_oldest()

    def _displace_oldest(self) -> None:
        oldest = next(iter(self._tasks))
        del self._tasks[oldest]
        self._displaced.add(oldest)
        oldest.cancel()
