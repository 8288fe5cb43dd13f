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
from registry.order_statuses import FAILED

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

    The order as it is stored decides, not the event: an event that differs from it is rejected, and an order that has
    ended takes no copies. If an order fails while its copies are being taken, they are returned.

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
        self._reads = AsyncBatcher(self._get_order, self._batch_get_orders)
        self._decrements = _batcher(books.Decrement, self._batch_decrement)
        self._returns = _batcher(books.Return, self._batch_return)
        self._status_changes = _batcher(orders.SetStatus, self._batch_set_status)

    async def handle(self, event: orders_pb2.OrderEvent) -> Result:
        """Process the event's order."""
        await self._simulate_work()
        try:
            return await self._process(event)
        except grpc.RpcError as error:
            return _result_of(parse_failure(error))

    async def _process(self, event: orders_pb2.OrderEvent) -> Result:
        order = await self._reads.submit(event.order_id)
        if order is None:
            return Result(Outcome.REJECT, "NOT_FOUND: Order not found.")
        if (event.book_id, event.quantity) != (order.book_id, order.quantity):
            return Result(Outcome.REJECT, _describe_mismatch(event, order))
        status = order.status
        if status == orders_pb2.ORDER_STATUS_PENDING:
            status = await self._end(order)
        elif status == orders_pb2.ORDER_STATUS_FAILED:
            await self._give_back(order)
        return Result(Outcome.DONE, orders_pb2.OrderStatus.Name(status))

    async def _end(self, order: orders_pb2.Order) -> "orders_pb2.OrderStatus.ValueType":
        """Take the copies of a pending order, end the order, and return its final status."""
        has_copies = await self._take_copies(order)
        status = orders_pb2.ORDER_STATUS_COMPLETED if has_copies else orders_pb2.ORDER_STATUS_FAILED
        try:
            await self._set_status(order, status)
        except grpc.RpcError as error:
            failure = parse_failure(error)
            if not has_copies or failure.reason != "ORDER_ENDED" or failure.metadata.get("status") != FAILED:
                raise
            await self._give_back(order)
            return orders_pb2.ORDER_STATUS_FAILED
        return status

    async def _take_copies(self, order: orders_pb2.Order) -> bool:
        """Take the order's copies from the stock, and return whether it has them."""
        request = books_pb2.DecrementRequest(order_id=order.order_id, book_id=order.book_id, quantity=order.quantity)
        try:
            response = await self._decrements.submit(request)
        except grpc.RpcError as error:
            if parse_failure(error).reason == "BOOK_NOT_FOUND":
                return False
            raise
        return response.outcome == books_pb2.DECREMENT_OUTCOME_APPLIED

    async def _give_back(self, order: orders_pb2.Order) -> None:
        """Return the copies that a failed order may have taken, and report that it has none."""
        request = books_pb2.ReturnRequest(order_id=order.order_id, book_id=order.book_id, quantity=order.quantity)
        await self._returns.submit(request)
        await self._set_status(order, orders_pb2.ORDER_STATUS_FAILED)

    async def _set_status(self, order: orders_pb2.Order, status: "orders_pb2.OrderStatus.ValueType") -> None:
        request = orders_pb2.SetStatusRequest(order_id=order.order_id, status=status, stock_settled=True)
        await self._status_changes.submit(request)

    async def _get_order(self, order_id: int) -> orders_pb2.Order | None:
        (order,) = await self._batch_get_orders([order_id])
        return order

    async def _batch_get_orders(self, order_ids: list[int]) -> Iterable[orders_pb2.Order | None]:
        response = await self._orders.BatchGetOrders(orders_pb2.BatchGetOrdersRequest(order_ids=sorted(set(order_ids))))
        by_id = {order.order_id: order for order in response.orders}
        return [by_id.get(order_id) for order_id in order_ids]

    async def _batch_decrement(
        self, requests: list[books_pb2.DecrementRequest]
    ) -> Iterable[books_pb2.DecrementResponse]:
        return (await self._books.BatchDecrement(books_pb2.BatchDecrementRequest(requests=requests))).responses

    async def _batch_return(self, requests: list[books_pb2.ReturnRequest]) -> Iterable[books_pb2.ReturnResponse]:
        return (await self._books.BatchReturn(books_pb2.BatchReturnRequest(requests=requests))).responses

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


def _describe_mismatch(event: orders_pb2.OrderEvent, order: orders_pb2.Order) -> str:
    return (
        f"MISMATCH: The message is for book {event.book_id}, quantity {event.quantity};"
        f" order {order.order_id} is for book {order.book_id}, quantity {order.quantity}."
    )


def _is_permanent(error: Exception) -> bool:
    return isinstance(error, grpc.RpcError) and parse_failure(error).code in PERMANENT_FAILURES


def _result_of(failure: Failure) -> Result:
    """Reject what can never succeed, and retry everything else, because its result is unknown."""
    reason = f"{failure.code.name}: {failure.message}"
    return Result(Outcome.REJECT if failure.code in PERMANENT_FAILURES else Outcome.RETRY, reason)
