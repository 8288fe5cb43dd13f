"""An order is worked on until its end is known, and never decided on a guess."""

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
UNKNOWN = [
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
HOPELESS = [CODE.INVALID_ARGUMENT, CODE.NOT_FOUND, CODE.FAILED_PRECONDITION]


async def no_work() -> None:
    """Takes no time."""


def handler(books: FakeBooks, orders: FakeOrders) -> Handler:
    """A handler that calls the fakes."""
    return Handler(cast("BooksAsyncStub", books), cast("OrdersAsyncStub", orders), no_work)


def handled(books: FakeBooks, orders: FakeOrders, times: int = 1) -> list[Result]:
    """What the handler answers, one time after another."""

    async def handle() -> list[Result]:
        subject = handler(books, orders)
        return [await subject.handle(EVENT) for _ in range(times)]

    return asyncio.run(handle())


def test_an_order_that_gets_its_copies_is_completed() -> None:
    """And its event is done."""
    books, orders = FakeBooks(stock=2), FakeOrders()
    (result,) = handled(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_COMPLETED})
    assert books.stock == 0


def test_an_order_that_gets_none_fails() -> None:
    """Too few copies is an answer like any other: the event is done."""
    books, orders = FakeBooks(stock=1), FakeOrders()
    (result,) = handled(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_FAILED})
    assert books.stock == 1


def test_an_order_for_a_book_that_is_gone_fails() -> None:
    """The book was taken out of the shop meanwhile."""
    orders = FakeOrders()
    (result,) = handled(FakeBooks(failing=[rpc_error(CODE.NOT_FOUND, "BOOK_NOT_FOUND")]), orders)
    assert (result.outcome, orders.statuses) == (Outcome.DONE, {1: pb.ORDER_STATUS_FAILED})


def test_repeating_an_event_changes_nothing() -> None:
    """The same message three times takes its copies once."""
    books, orders = FakeBooks(stock=5), FakeOrders()
    results = handled(books, orders, times=3)
    assert [result.outcome for result in results] == [Outcome.DONE] * 3
    assert (books.stock, orders.statuses) == (3, {1: pb.ORDER_STATUS_COMPLETED})


@pytest.mark.parametrize("code", UNKNOWN, ids=lambda code: code.name)
@pytest.mark.parametrize("after_counting", [False, True], ids=["before counting", "after counting"])
def test_an_unknown_result_of_the_stock_decides_nothing(code: grpc.StatusCode, *, after_counting: bool) -> None:
    """The order stays pending and is tried again, and then ends as it should: never failed by a guess."""
    books, orders = FakeBooks(stock=2, failing=[rpc_error(code)], after_counting=after_counting), FakeOrders()
    (result,) = handled(books, orders)
    assert (result.outcome, orders.statuses) == (Outcome.RETRY, {})
    assert result.reason.startswith(code.name)
    (again,) = handled(books, orders)
    assert (again.outcome, orders.statuses, books.stock) == (Outcome.DONE, {1: pb.ORDER_STATUS_COMPLETED}, 0)


@pytest.mark.parametrize("code", UNKNOWN, ids=lambda code: code.name)
def test_an_end_that_could_not_be_told_is_told_again(code: grpc.StatusCode) -> None:
    """The copies are taken; the order is retried until Orders knows."""
    books, orders = FakeBooks(stock=2), FakeOrders(failing=[rpc_error(code)])
    first, second = handled(books, orders, times=2)
    assert (first.outcome, second.outcome) == (Outcome.RETRY, Outcome.DONE)
    assert (books.stock, orders.statuses) == (0, {1: pb.ORDER_STATUS_COMPLETED})


@pytest.mark.parametrize("code", HOPELESS, ids=lambda code: code.name)
def test_what_stays_wrong_is_rejected(code: grpc.StatusCode) -> None:
    """A malformed event, an unknown order and one that was counted otherwise are set aside with the reason."""
    orders = FakeOrders()
    (at_books,) = handled(FakeBooks(failing=[rpc_error(code, "ORDER_NOT_FOUND")]), orders)
    (at_orders,) = handled(FakeBooks(), FakeOrders(failing=[rpc_error(code)]))
    assert (at_books.outcome, at_orders.outcome) == (Outcome.REJECT, Outcome.REJECT)
    assert at_books.reason == f"{code.name}: no"
    assert orders.statuses == {}


def test_an_order_that_ended_otherwise_is_set_aside() -> None:
    """Nobody overwrites an end."""
    orders = FakeOrders(statuses={1: pb.ORDER_STATUS_FAILED})
    (result,) = handled(FakeBooks(), orders)
    assert (result.outcome, orders.statuses) == (Outcome.REJECT, {1: pb.ORDER_STATUS_FAILED})


def test_the_work_comes_before_the_calls() -> None:
    """Nothing is taken from the stock while the order is still worked on."""

    async def claim() -> None:
        books, begun, finish = FakeBooks(stock=2), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await finish.wait()

        subject = Handler(cast("BooksAsyncStub", books), cast("OrdersAsyncStub", FakeOrders()), work)
        handling = asyncio.create_task(subject.handle(EVENT))
        await begun.wait()
        assert books.stock == 2
        finish.set()
        assert (await handling).outcome is Outcome.DONE
        assert books.stock == 0

    asyncio.run(claim())


def test_orders_that_are_ready_together_share_their_calls() -> None:
    """A hundred in two calls, not in two hundred: shoppers are not behind them."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=150), FakeOrders()
        subject = handler(books, orders)
        events = [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, 101)]
        results = await asyncio.gather(*(subject.handle(event) for event in events))
        assert [result.outcome for result in results] == [Outcome.DONE] * 100
        assert (books.stock, books.calls, len(orders.statuses)) == (0, 1, 100)
        assert list(orders.statuses.values()).count(pb.ORDER_STATUS_COMPLETED) == 75

    asyncio.run(claim())


def test_a_bad_order_does_not_spoil_those_beside_it() -> None:
    """The others end as they would have alone, and only the bad one is set aside."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=150), FakeOrders(statuses={7: pb.ORDER_STATUS_FAILED})
        subject = handler(books, orders)
        events = [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, 11)]
        results = await asyncio.gather(*(subject.handle(event) for event in events))
        outcomes = [Outcome.DONE] * 10
        outcomes[6] = Outcome.REJECT
        assert [result.outcome for result in results] == outcomes
        assert set(orders.statuses) == set(range(1, 11))

    asyncio.run(claim())


@pytest.mark.parametrize("code", UNKNOWN, ids=lambda code: code.name)
def test_a_shared_call_whose_result_is_unknown_is_made_again(code: grpc.StatusCode) -> None:
    """All that shared it are retried, and end as they should."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=20, failing=[rpc_error(code)], after_counting=True), FakeOrders()
        subject = handler(books, orders)
        events = [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, 11)]
        first = await asyncio.gather(*(subject.handle(event) for event in events))
        assert [result.outcome for result in first] == [Outcome.RETRY] * 10
        second = await asyncio.gather(*(subject.handle(event) for event in events))
        assert [result.outcome for result in second] == [Outcome.DONE] * 10
        assert (books.stock, set(orders.statuses.values())) == (0, {pb.ORDER_STATUS_COMPLETED})

    asyncio.run(claim())


def test_whoever_stops_waiting_takes_nobody_along() -> None:
    """An order that is given back while its call is on its way leaves the others their answers."""

    async def claim() -> None:
        books, orders = FakeBooks(stock=20), FakeOrders()
        subject = handler(books, orders)
        events = [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, 4)]
        handling = [asyncio.create_task(subject.handle(event)) for event in events]
        await asyncio.sleep(0)
        handling[1].cancel()
        results = await asyncio.gather(*handling, return_exceptions=True)
        assert isinstance(results[1], asyncio.CancelledError)
        assert all(isinstance(each, Result) and each.outcome is Outcome.DONE for each in results[::2])

    asyncio.run(claim())


@pytest.mark.parametrize("broken", [ZeroDivisionError, ValueError], ids=["raises", "too few answers"])
def test_a_failure_that_nobody_thought_of_reaches_those_who_asked(broken: type[Exception]) -> None:
    """And the next ones are asked for as ever."""

    async def claim() -> None:
        class BrokenBooks(FakeBooks):
            async def BatchDecrement(  # noqa: N802 - the stub's name
                self, request: books_pb2.BatchDecrementRequest
            ) -> books_pb2.BatchDecrementResponse:
                if broken is ZeroDivisionError:
                    raise ZeroDivisionError
                return books_pb2.BatchDecrementResponse()

        subject = handler(BrokenBooks(stock=20), FakeOrders())
        events = [pb.OrderEvent(event_id=f"e{n}", order_id=n, book_id=1, quantity=2) for n in range(1, 4)]
        results = await asyncio.gather(*(subject.handle(event) for event in events), return_exceptions=True)
        assert [type(result) for result in results] == [broken] * 3
        assert (await subject.handle(events[0])).outcome is Outcome.DONE

    asyncio.run(claim())
