"""Works on one order; knows neither where its event came from nor how it is acknowledged."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

import grpc
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2

from mesh.batching import AsyncBatcher
from mesh.client import Failure, parse_failure

if TYPE_CHECKING:  # the generated modules have these names for type checkers only
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

PERMANENT_FAILURES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}
"""Codes that every further attempt would return as well. After any other code the result is unknown: retry."""


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

    Orders that are ready while a call is on its way share the next one: the services answer for a hundred in hardly
    more time than for one, and shoppers do not queue behind them.

    Args:
        books: stub of the books service.
        orders: stub of the orders service.
        work: the simulated work; it waits without holding a thread.
    """

    def __init__(self, books: "BooksAsyncStub", orders: "OrdersAsyncStub", work: Callable[[], Awaitable[None]]) -> None:
        self._books = books
        self._orders = orders
        self._work = work
        self._takes = _batcher(books.Decrement, self._take_all)
        self._ends = _batcher(orders.SetStatus, self._end_all)

    async def handle(self, event: orders_pb2.OrderEvent) -> Result:
        """Works on the event's order."""
        await self._work()
        try:
            status = await self._take(event)
            await self._ends.submit(orders_pb2.SetStatusRequest(order_id=event.order_id, status=status))
        except grpc.RpcError as error:
            return _judge(parse_failure(error))
        return Result(Outcome.DONE, orders_pb2.OrderStatus.Name(status))

    async def _take(self, event: orders_pb2.OrderEvent) -> "orders_pb2.OrderStatus.ValueType":
        request = books_pb2.DecrementRequest(order_id=event.order_id, book_id=event.book_id, quantity=event.quantity)
        try:
            response = await self._takes.submit(request)
        except grpc.RpcError as error:
            if parse_failure(error).reason == "BOOK_NOT_FOUND":
                return orders_pb2.ORDER_STATUS_FAILED
            raise
        if response.outcome == books_pb2.DECREMENT_OUTCOME_APPLIED:
            return orders_pb2.ORDER_STATUS_COMPLETED
        return orders_pb2.ORDER_STATUS_FAILED

    async def _take_all(self, requests: list[books_pb2.DecrementRequest]) -> Iterable[books_pb2.DecrementResponse]:
        return (await self._books.BatchDecrement(books_pb2.BatchDecrementRequest(requests=requests))).responses

    async def _end_all(self, requests: list[orders_pb2.SetStatusRequest]) -> Iterable[orders_pb2.SetStatusResponse]:
        await self._orders.BatchSetStatus(orders_pb2.BatchSetStatusRequest(requests=requests))
        return [orders_pb2.SetStatusResponse()] * len(requests)


def _batcher(
    run_one: Callable[[RequestT], Awaitable[ResponseT]],
    run_batch: Callable[[list[RequestT]], Awaitable[Iterable[ResponseT]]],
) -> AsyncBatcher[RequestT, ResponseT]:
    """Return a batcher that sends one call at a time, because two would wait for the same rows."""
    return AsyncBatcher(run_one, run_batch, is_request_error=_is_permanent, handover_seconds=None)


def _is_permanent(error: Exception) -> bool:
    return isinstance(error, grpc.RpcError) and parse_failure(error).code in PERMANENT_FAILURES


def _judge(failed: Failure) -> Result:
    reason = f"{failed.code.name}: {failed.message}"
    return Result(Outcome.REJECT if failed.code in PERMANENT_FAILURES else Outcome.RETRY, reason)
