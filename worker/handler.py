"""Works on one order; knows neither where its event came from nor how it is acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import grpc
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2

from mesh.client import Failure, failure

if TYPE_CHECKING:  # the generated modules have these names for type checkers only
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

HOPELESS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}
"""Answers that stay the same however often one asks. After any other failure the result is unknown: ask again."""

CALLS_AT_ONCE = 16
"""Orders whose work is done queue here for the services, not in the services: shoppers would wait behind them."""


class Outcome(Enum):
    """What is to become of an event."""

    DONE = auto()
    RETRY = auto()
    REJECT = auto()


@dataclass(frozen=True)
class Result:
    """The outcome, and why, for logs and operators."""

    outcome: Outcome
    reason: str = ""


class Handler:
    """Takes an order's copies from the stock, then ends the order. Repeating it changes nothing more.

    Args:
        books: stub of the books service.
        orders: stub of the orders service.
        work: the simulated work; it waits without holding a thread.
    """

    def __init__(self, books: "BooksAsyncStub", orders: "OrdersAsyncStub", work: Callable[[], Awaitable[None]]) -> None:
        self._books = books
        self._orders = orders
        self._work = work
        self._turn = asyncio.Semaphore(CALLS_AT_ONCE)

    async def handle(self, event: orders_pb2.OrderEvent) -> Result:
        """Works on the event's order."""
        await self._work()
        try:
            async with self._turn:
                status = await self._take(event)
                request = orders_pb2.SetStatusRequest(order_id=event.order_id, status=status)
                await self._orders.SetStatus(request)
        except grpc.RpcError as error:
            return _judge(failure(error))
        return Result(Outcome.DONE, orders_pb2.OrderStatus.Name(status))

    async def _take(self, event: orders_pb2.OrderEvent) -> "orders_pb2.OrderStatus.ValueType":
        request = books_pb2.DecrementRequest(order_id=event.order_id, book_id=event.book_id, quantity=event.quantity)
        try:
            response = await self._books.Decrement(request)
        except grpc.RpcError as error:
            if failure(error).reason == "BOOK_NOT_FOUND":
                return orders_pb2.ORDER_STATUS_FAILED
            raise
        if response.outcome == books_pb2.DECREMENT_OUTCOME_APPLIED:
            return orders_pb2.ORDER_STATUS_COMPLETED
        return orders_pb2.ORDER_STATUS_FAILED


def _judge(failed: Failure) -> Result:
    reason = f"{failed.code.name}: {failed.message}"
    return Result(Outcome.REJECT if failed.code in HOPELESS else Outcome.RETRY, reason)
