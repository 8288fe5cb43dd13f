"""Processes one order. The module knows neither where its event came from nor how the event is acknowledged."""

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
    """What the source does with an event after it was handled."""

    DONE = auto()
    """Acknowledge it."""
    RETRY = auto()
    """Deliver it again after a delay."""
    REJECT = auto()
    """Keep it as a dead letter."""


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome, and the reason for it that logs and dead letters show."""

    outcome: Outcome
    reason: str = ""


class Handler:
    """Takes an order's copies from the stock, then completes or fails the order. Repeating it changes nothing.

    Orders that become ready while a call is running share the next call, up to 100 per call: a batch costs the
    services hardly more than a single request, and keeps the worker from delaying shoppers' requests.

    Args:
        books: stub of the books service.
        orders: stub of the orders service.
        simulate_work: waits for the simulated processing time without holding a thread.
    """

    def __init__(
        self, books: "BooksAsyncStub", orders: "OrdersAsyncStub", simulate_work: Callable[[], Awaitable[None]]
    ) -> None:
        self._books = books
        self._orders = orders
        self._simulate_work = simulate_work
        self._decrements = _batcher(books.Decrement, self._batch_decrement)
        self._status_changes = _batcher(orders.SetStatus, self._batch_set_status)

    async def handle(self, event: orders_pb2.OrderEvent) -> Result:
        """Process the event's order."""
        await self._simulate_work()
        try:
            status = await self._decrement(event)
            await self._status_changes.submit(orders_pb2.SetStatusRequest(order_id=event.order_id, status=status))
        except grpc.RpcError as error:
            return _result_of(parse_failure(error))
        return Result(Outcome.DONE, orders_pb2.OrderStatus.Name(status))

    async def _decrement(self, event: orders_pb2.OrderEvent) -> "orders_pb2.OrderStatus.ValueType":
        """Take the copies from the stock and return the order's final status."""
        request = books_pb2.DecrementRequest(order_id=event.order_id, book_id=event.book_id, quantity=event.quantity)
        try:
            response = await self._decrements.submit(request)
        except grpc.RpcError as error:
            if parse_failure(error).reason == "BOOK_NOT_FOUND":
                return orders_pb2.ORDER_STATUS_FAILED
            raise
        if response.outcome == books_pb2.DECREMENT_OUTCOME_APPLIED:
            return orders_pb2.ORDER_STATUS_COMPLETED
        return orders_pb2.ORDER_STATUS_FAILED

    async def _batch_decrement(
        self, requests: list[books_pb2.DecrementRequest]
    ) -> Iterable[books_pb2.DecrementResponse]:
        return (await self._books.BatchDecrement(books_pb2.BatchDecrementRequest(requests=requests))).responses

    async def _batch_set_status(
        self, requests: list[orders_pb2.SetStatusRequest]
    ) -> Iterable[orders_pb2.SetStatusResponse]:
        await self._orders.BatchSetStatus(orders_pb2.BatchSetStatusRequest(requests=requests))
        return [orders_pb2.SetStatusResponse()] * len(requests)


def _batcher(
    run_one: Callable[[RequestT], Awaitable[ResponseT]],
    run_batch: Callable[[list[RequestT]], Awaitable[Iterable[ResponseT]]],
) -> AsyncBatcher[RequestT, ResponseT]:
    """Return a batcher that sends one call at a time, because two would wait for the same rows."""
    return AsyncBatcher(run_one, run_batch, is_request_error=_must_run_alone, handover_seconds=None)


def _must_run_alone(error: Exception) -> bool:
    """Return whether the failure of a batch may be due to one request: an invalid one, or one whose row is locked."""
    return _is_permanent(error) or (isinstance(error, grpc.RpcError) and parse_failure(error).reason == "ROW_LOCKED")


def _is_permanent(error: Exception) -> bool:
    return isinstance(error, grpc.RpcError) and parse_failure(error).code in PERMANENT_FAILURES


def _result_of(failure: Failure) -> Result:
    """Reject what can never succeed, and retry everything else, because its result is unknown."""
    reason = f"{failure.code.name}: {failure.message}"
    return Result(Outcome.REJECT if failure.code in PERMANENT_FAILURES else Outcome.RETRY, reason)
