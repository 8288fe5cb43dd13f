"""Works on one order; knows neither where its event came from nor how it is acknowledged."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import grpc
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2

from mesh.client import Failure, parse_failure
from worker.shared import HOPELESS, Shared

if TYPE_CHECKING:  # the generated modules have these names for type checkers only
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub


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
        self._takes = Shared(books.Decrement, self._take_all)
        self._ends = Shared(orders.SetStatus, self._end_all)

    async def handle(self, event: orders_pb2.OrderEvent) -> Result:
        """Works on the event's order."""
        await self._work()
        try:
            status = await self._take(event)
            await self._ends.ask(orders_pb2.SetStatusRequest(order_id=event.order_id, status=status))
        except grpc.RpcError as error:
            return _judge(parse_failure(error))
        return Result(Outcome.DONE, orders_pb2.OrderStatus.Name(status))

    async def _take(self, event: orders_pb2.OrderEvent) -> "orders_pb2.OrderStatus.ValueType":
        request = books_pb2.DecrementRequest(order_id=event.order_id, book_id=event.book_id, quantity=event.quantity)
        try:
            response = await self._takes.ask(request)
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


def _judge(failed: Failure) -> Result:
    reason = f"{failed.code.name}: {failed.message}"
    return Result(Outcome.REJECT if failed.code in HOPELESS else Outcome.RETRY, reason)
