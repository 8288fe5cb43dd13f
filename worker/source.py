"""What every source of events does: hand each to the worker, and settle it by what the worker answers."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bookstore.orders.v1.orders_pb2 import OrderEvent

from worker.handler import Result

Handle = Callable[[OrderEvent], Awaitable[Result]]

BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds until an event comes back, by how often it was delivered before; the last one for all further times."""


class Source(Protocol):
    """Where events come from."""

    async def run(self, handle: Handle) -> None:
        """Hands over events until `stop`, several at once; gives those back that are not finished then."""

    def stop(self) -> None:
        """Takes no more events."""

    def connected(self) -> bool:
        """Whether there is somebody to get events from."""


def delay_before(attempt: int) -> float:
    """Seconds until an event comes back that was delivered `attempt` times before."""
    return BACKOFF[min(attempt, len(BACKOFF) - 1)]
