"""An order is processed until its result is known; an unknown result never completes or fails it."""

import asyncio
from typing import TYPE_CHECKING, cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2 as pb

from worker.handler import Handler, Outcome, Result
from worker.tests.fakes import FakeBooks, FakeOrders, rpc_error

if TYPE_CHECKING:  # the generated modules have these names for type checkers only
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

pytestmark = pytest.mark.unit

CODE = grpc.StatusCode
EVENT = pb.OrderEvent(event_id="e", order_id=1, book_id=1, quantity=2)
RETRIED_CODES = [
    CODE.UNAVAILABLE,
    CODE.DEADLINE_EXCEEDED,
    CODE.ABORTED,
    CODE.INTERNAL,
    CODE.UNKNOWN,
    CODE.CANCELLED,
    CODE.RESOURCE_EXHAUSTED,
    CODE.UNAUTHENTICATED,
    CODE.PERMISSION_DENIED,
]
FINAL_CODES = [CODE.INVALID_ARGUMENT, CODE.NOT_FOUND, CODE.FAILED_PRECONDITION]


async def no_work() -> None:
    """Take no time."""


def new_handler(books: FakeBooks, orders: FakeOrders) -> Handler:
    """Return a handler that calls the fakes."""
    return Handler(cast("BooksAsyncStub", books), cast("OrdersAsyncStub", orders), no_work)


def events(count: int) -> list[pb.OrderEvent]:
    """Return the events of orders 1 to `count`, each for two copies of one book."""
    return [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, count + 1)]


def handle(books: FakeBooks, orders: FakeOrders, times: int = 1) -> list[Result]:
    """Handle the event, several times in succession, and return the results."""

    async def run() -> list[Result]:
        handler = new_handler(books, orders)
        return [await handler.handle(EVENT) for _ in range(times)]

    return asyncio.run(run())


def test_an_order_that_gets_its_copies_is_completed() -> None:
    """The copies are taken, and the event is done."""
    books, orders = FakeBooks(stock=2), FakeOrders()
    (result,) = handle(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_COMPLETED})
    assert books.stock == 0


def test_an_order_for_more_than_the_stock_fails() -> None:
    """Too few copies are a final result: the event is done."""
    books, orders = FakeBooks(stock=1), FakeOrders()
    (result,) = handle(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_FAILED})
    assert books.stock == 1


def test_an_order_for_a_removed_book_fails() -> None:
    """The book was removed after the order was placed."""
    orders = FakeOrders()
    (result,) = handle(FakeBooks(failures=[rpc_error(CODE.NOT_FOUND, "BOOK_NOT_FOUND")]), orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_FAILED})


def test_repeating_an_event_changes_nothing() -> None:
    """An event that is delivered three times takes its copies once."""
    books, orders = FakeBooks(stock=5), FakeOrders()
    results = handle(books, orders, times=3)
    assert [result.outcome for result in results] == [Outcome.DONE] * 3
    assert (books.stock, orders.statuses) == (3, {1: pb.ORDER_STATUS_COMPLETED})


@pytest.mark.parametrize("code", RETRIED_CODES, ids=lambda code: code.name)
@pytest.mark.parametrize("after_counting", [False, True], ids=["before counting", "after counting"])
def test_an_unknown_result_of_the_decrement_is_retried(code: grpc.StatusCode, *, after_counting: bool) -> None:
    """The order stays pending, and the retry ends it correctly whether or not the copies had been taken."""
    books, orders = FakeBooks(stock=2, failures=[rpc_error(code)], after_counting=after_counting), FakeOrders()
    (result,) = handle(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.RETRY, {})
    assert result.reason.startswith(code.name)
    (second,) = handle(books, orders)
    assert (second.outcome, orders.statuses, books.stock) == (Outcome.DONE, {1: pb.ORDER_STATUS_COMPLETED}, 0)


@pytest.mark.parametrize("code", RETRIED_CODES, ids=lambda code: code.name)
def test_a_status_change_that_failed_is_retried(code: grpc.StatusCode) -> None:
    """The copies are taken once, and the event is retried until the status is stored."""
    books, orders = FakeBooks(stock=2), FakeOrders(failures=[rpc_error(code)])
    first, second = handle(books, orders, times=2)
    assert (first.outcome, second.outcome) == (Outcome.RETRY, Outcome.DONE)
    assert (books.stock, orders.statuses) == (0, {1: pb.ORDER_STATUS_COMPLETED})


@pytest.mark.parametrize("code", FINAL_CODES, ids=lambda code: code.name)
def test_a_final_error_is_rejected(code: grpc.StatusCode) -> None:
    """An invalid event, an unknown order and one with other parameters become dead letters with the reason."""
    orders = FakeOrders()
    (at_books,) = handle(FakeBooks(failures=[rpc_error(code, "ORDER_NOT_FOUND")]), orders)
    (at_orders,) = handle(FakeBooks(), FakeOrders(failures=[rpc_error(code)]))
    assert (at_books.outcome, at_orders.outcome) == (Outcome.REJECT, Outcome.REJECT)
    assert at_books.reason == f"{code.name}: no"
    assert orders.statuses == {}


class OrdersEndedMeanwhile(FakeOrders):
    """Orders that someone else ends after the worker has read them, with the statuses in `later`."""

    def __init__(self, later: "dict[int, pb.OrderStatus.ValueType]") -> None:
        super().__init__()
        self.later = later

    async def BatchGetOrders(self, request: pb.BatchGetOrdersRequest) -> pb.BatchGetOrdersResponse:  # noqa: N802 - the stub's name
        """Return the orders as they are, then end them."""
        response = await super().BatchGetOrders(request)
        self.statuses |= self.later
        return response


def test_an_order_with_another_final_status_is_rejected() -> None:
    """A final status is never overwritten: the books service refuses the copies of an order that was completed."""
    orders = OrdersEndedMeanwhile({1: pb.ORDER_STATUS_COMPLETED})
    (result,) = handle(FakeBooks(stock=0), orders)
    assert (result.outcome, orders.statuses) == (Outcome.REJECT, {1: pb.ORDER_STATUS_COMPLETED})


def test_an_order_that_has_failed_takes_no_copies() -> None:
    """It is marked at the books service, so that a worker that has read it earlier takes none either."""
    books, orders = FakeBooks(stock=5), FakeOrders(statuses={1: pb.ORDER_STATUS_FAILED})
    (result,) = handle(books, orders)
    assert (result.outcome, result.reason) == (Outcome.DONE, "ORDER_STATUS_FAILED")
    assert (books.stock, books.decided, books.returned, orders.settled) == (5, {}, {1}, {1})


def test_an_order_that_was_completed_takes_no_copies_again() -> None:
    """Its event is done without a call to the books service."""
    books = FakeBooks(stock=5)
    (result,) = handle(books, FakeOrders(statuses={1: pb.ORDER_STATUS_COMPLETED}))
    assert (result.outcome, books.stock, books.calls) == (Outcome.DONE, 5, 0)


def test_copies_of_an_order_that_fails_meanwhile_are_returned() -> None:
    """The worker had read the order as pending and taken its copies."""
    books, orders = FakeBooks(stock=5), OrdersEndedMeanwhile({1: pb.ORDER_STATUS_FAILED})
    (result,) = handle(books, orders)
    assert (result.outcome, result.reason) == (Outcome.DONE, "ORDER_STATUS_FAILED")
    assert (books.stock, books.returned, orders.settled) == (5, {1}, {1})


@pytest.mark.parametrize("code", RETRIED_CODES, ids=lambda code: code.name)
def test_a_return_that_failed_is_retried(code: grpc.StatusCode) -> None:
    """The copies are in the stock once, and the order counts as settled only afterwards."""
    books, orders = FakeBooks(stock=3, decided={1: True}), FakeOrders(statuses={1: pb.ORDER_STATUS_FAILED})
    books.failures = [rpc_error(code)]
    first, second, third = handle(books, orders, times=3)
    assert [each.outcome for each in (first, second, third)] == [Outcome.RETRY, Outcome.DONE, Outcome.DONE]
    assert (books.stock, orders.settled) == (5, {1})


@pytest.mark.parametrize("stored", [(2, 2), (1, 3)], ids=["book", "quantity"])
@pytest.mark.parametrize("status", [pb.ORDER_STATUS_PENDING, pb.ORDER_STATUS_FAILED, pb.ORDER_STATUS_COMPLETED])
def test_a_message_that_differs_from_its_order_changes_nothing(
    stored: tuple[int, int], status: "pb.OrderStatus.ValueType"
) -> None:
    """It is a dead letter with both values as its reason; the order continues through its own event."""
    books, orders = FakeBooks(stock=5), FakeOrders(statuses={1: status}, stored={1: stored})
    (result,) = handle(books, orders)
    assert result == Result(
        Outcome.REJECT,
        f"MISMATCH: The message is for book 1, quantity 2; order 1 is for book {stored[0]}, quantity {stored[1]}.",
    )
    assert (books.stock, books.calls, orders.statuses, orders.settled) == (5, 0, {1: status}, set())


def test_a_message_of_an_unknown_order_is_rejected() -> None:
    """No copies are taken for it."""
    books = FakeBooks(stock=5)
    (result,) = handle(books, FakeOrders(missing={1}))
    assert result == Result(Outcome.REJECT, "NOT_FOUND: Order not found.")
    assert books.calls == 0


def test_the_work_comes_before_the_calls() -> None:
    """The stock does not change before the simulated work has ended."""

    async def claim() -> None:
        books, started, may_finish = FakeBooks(stock=2), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            started.set()
            await may_finish.wait()

        handler = Handler(cast("BooksAsyncStub", books), cast("OrdersAsyncStub", FakeOrders()), work)
        handling = asyncio.create_task(handler.handle(EVENT))
        await started.wait()
        assert books.stock == 2
        may_finish.set()
        assert (await handling).outcome is Outcome.DONE
        assert books.stock == 0

    asyncio.run(claim())


def test_orders_that_are_ready_together_share_their_calls() -> None:
    """A hundred orders need three calls instead of three hundred."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=150), FakeOrders()
        handler = new_handler(books, orders)
        results = await asyncio.gather(*(handler.handle(event) for event in events(100)))
        assert [result.outcome for result in results] == [Outcome.DONE] * 100
        assert (books.stock, orders.reads, books.calls, len(orders.statuses)) == (0, 1, 1, 100)
        assert list(orders.statuses.values()).count(pb.ORDER_STATUS_COMPLETED) == 75

    asyncio.run(claim())


def test_a_rejected_order_does_not_affect_others_in_its_batch() -> None:
    """The others are completed, and only the order with another final status is rejected."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=150, decided={7: False}), OrdersEndedMeanwhile({7: pb.ORDER_STATUS_COMPLETED})
        handler = new_handler(books, orders)
        results = await asyncio.gather(*(handler.handle(event) for event in events(10)))
        outcomes = [Outcome.DONE] * 10
        outcomes[6] = Outcome.REJECT
        assert [result.outcome for result in results] == outcomes
        assert set(orders.statuses) == set(range(1, 11))

    asyncio.run(claim())


@pytest.mark.parametrize("code", RETRIED_CODES, ids=lambda code: code.name)
def test_a_batch_with_an_unknown_result_is_retried(code: grpc.StatusCode) -> None:
    """All orders of the batch are retried and then completed."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=20, failures=[rpc_error(code)], after_counting=True), FakeOrders()
        handler = new_handler(books, orders)
        first = await asyncio.gather(*(handler.handle(event) for event in events(10)))
        assert [result.outcome for result in first] == [Outcome.RETRY] * 10
        second = await asyncio.gather(*(handler.handle(event) for event in events(10)))
        assert [result.outcome for result in second] == [Outcome.DONE] * 10
        assert (books.stock, set(orders.statuses.values())) == (0, {pb.ORDER_STATUS_COMPLETED})

    asyncio.run(claim())


def test_a_cancelled_order_does_not_cancel_others_in_its_batch() -> None:
    """An order that is given back during its call leaves the results of the others intact."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=20), FakeOrders()
        handler = new_handler(books, orders)
        handling = [asyncio.create_task(handler.handle(event)) for event in events(3)]
        await asyncio.sleep(0)
        handling[1].cancel()
        results = await asyncio.gather(*handling, return_exceptions=True)
        assert isinstance(results[1], asyncio.CancelledError)
        assert all(isinstance(each, Result) and each.outcome is Outcome.DONE for each in results[::2])

    asyncio.run(claim())


@pytest.mark.parametrize("broken", [ZeroDivisionError, ValueError], ids=["raises", "too few responses"])
def test_an_unexpected_error_reaches_every_order_of_the_batch(broken: type[Exception]) -> None:
    """Later orders are handled as usual."""

    async def claim() -> None:
        class BrokenBooks(FakeBooks):
            async def BatchDecrement(  # noqa: N802 - the stub's name
                self, request: books_pb2.BatchDecrementRequest
            ) -> books_pb2.BatchDecrementResponse:
                if broken is ZeroDivisionError:
                    raise ZeroDivisionError
                return books_pb2.BatchDecrementResponse()

        handler = new_handler(BrokenBooks(stock=20), FakeOrders())
        results = await asyncio.gather(*(handler.handle(event) for event in events(3)), return_exceptions=True)
        assert [type(result) for result in results] == [broken] * 3
        assert (await handler.handle(EVENT)).outcome is Outcome.DONE

    asyncio.run(claim())
