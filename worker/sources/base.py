"""The interface of a source: it hands each event to a handler and settles it by the handler's result."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bookstore.orders.v1.orders_pb2 import OrderEvent

from worker.handler import Result

EventHandler = Callable[[OrderEvent], Awaitable[Result]]


class Source(Protocol):
    """A source of order events."""

    async def run(self, handle: EventHandler) -> None:
        """Hand events to the handler, several at once, until `stop` is called; then give back the unfinished ones."""

    def stop(self) -> None:
        """Take no more events and let `run` return."""

    def connected(self) -> bool:
        """Return whether the source can get events at the moment."""


RETRY_DELAYS_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Delay before an event is delivered again, by the number of earlier deliveries; the last one is also the maximum."""


def retry_delay_seconds(attempt: int) -> float:
    """Return the delay before an event with `attempt` earlier deliveries is delivered again."""
    return RETRY_DELAYS_SECONDS[min(attempt, len(RETRY_DELAYS_SECONDS) - 1)]
