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
