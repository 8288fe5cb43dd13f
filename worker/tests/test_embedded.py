"""The embedded source keeps the conformance, and speaks to Orders as its contract says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from structlog.testing import capture_logs

from worker import embedded
from worker.embedded import BATCH, EmbeddedSource
from worker.handler import Outcome, Result
from worker.source import delay_before
from worker.tests.conformance import PATIENCE, Conformance, Connected, Recorder, Running, done, for_ever, until
from worker.tests.fakes import FakeOrders

if TYPE_CHECKING:  # the generated module has this name for type checkers only
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

pytestmark = pytest.mark.unit

LEASE = timedelta(seconds=35)


def source_of(orders: FakeOrders, concurrency: int = 512) -> EmbeddedSource:
    """A source that leases from the fake."""
    return EmbeddedSource(cast("OrdersAsyncStub", orders), concurrency, LEASE)


class TestEmbeddedSource(Conformance):
    """Events that are leased over gRPC."""

    def connected(self, concurrency: int) -> Connected:
        """A source and the fake that it leases from."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[tuple[EmbeddedSource, FakeOrders]]:
            orders = FakeOrders()
            yield source_of(orders, concurrency), orders

        return cast("AbstractAsyncContextManager[tuple[EmbeddedSource, FakeOrders]]", connect())


def test_it_leases_what_it_has_room_for_and_no_more() -> None:
    """Each request is within the contract's limits, and keeps the events for the whole work."""

    async def claim() -> None:
        orders = FakeOrders()
        await orders.put(10)
        async with Running(source_of(orders, 4), Recorder(for_ever).handle):
            await until(lambda: _true_when(len(orders.waiting) == 6))
        assert [lease.max_events for lease in orders.leases] == [4]
        assert orders.leases[0].lease.ToTimedelta() == LEASE
        assert orders.leases[0].wait.ToTimedelta() <= timedelta(seconds=20)

    asyncio.run(claim())


def test_settlements_go_in_batches() -> None:
    """A thousand orders that end together take a few calls, none above the contract's limit."""

    async def claim() -> None:
        orders = FakeOrders()
        await orders.put(1000)
        async with Running(source_of(orders, 1000), Recorder(done).handle):
            await until(lambda: _true_when(len(orders.settlements) == 1000))
        assert len(orders.batches) <= 10
        assert max(orders.batches) <= BATCH

    asyncio.run(claim())


def test_what_is_given_back_comes_at_once_and_what_is_retried_later() -> None:
    """Given back: no delay. Retried: longer each time it was delivered. Rejected: with a reason that fits."""

    async def claim() -> None:
        orders = FakeOrders()
        first, second, third = await orders.put(3)
        orders.waiting[1].attempt = 2

        async def work(event: pb.OrderEvent) -> Result:
            if event.order_id == first:
                return await for_ever(event)
            return Result(Outcome.RETRY if event.order_id == second else Outcome.REJECT, "x" * 1000)

        async with Running(source_of(orders), Recorder(work).handle):
            await until(lambda: _true_when(len(orders.settlements) == 2))
        by_order = {orders.orders_of[each.event_id]: each for each in orders.settlements}
        assert by_order[first].HasField("retry")
        assert by_order[first].retry.delay.ToTimedelta() == timedelta()
        assert by_order[second].retry.delay.seconds == delay_before(2) == 5
        assert by_order[third].reject.reason == "x" * 255

    asyncio.run(claim())


def test_events_that_arrive_together_with_the_stop_are_given_back() -> None:
    """The signal comes while the answer is on its way: nobody works on those events, and nobody keeps them."""

    async def claim() -> None:
        orders = FakeOrders()
        source = source_of(orders)
        orders.before_answer = source.stop
        taken = await orders.put(3)
        recorder = Recorder(done)
        await asyncio.wait_for(source.run(recorder.handle), PATIENCE)
        assert await orders.settled() == dict.fromkeys(taken, Outcome.RETRY)
        assert all(each.retry.delay.ToTimedelta() == timedelta() for each in orders.settlements)

    asyncio.run(claim())


def test_a_service_that_is_away_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not each time that it is asked; and again when it has been there meanwhile."""
    monkeypatch.setattr(embedded, "PAUSE", 0)

    class CountedOrders(FakeOrders):
        asked = 0

        async def LeaseEvents(self, request: pb.LeaseEventsRequest) -> pb.LeaseEventsResponse:  # noqa: N802 - the stub's name
            self.asked += 1
            return await super().LeaseEvents(request)

    async def claim() -> None:
        orders = CountedOrders()
        await orders.go_down()
        with capture_logs() as lines:
            async with Running(source_of(orders), Recorder(done).handle):
                await until(lambda: _true_when(orders.asked > 5))
                assert [line["event"] for line in lines] == ["no events"]
                await orders.come_back()
                await orders.put(1)
                await until(lambda: _true_when(len(orders.settlements) == 1))
                await orders.go_down()
                before = orders.asked
                await until(lambda: _true_when(orders.asked > before + 5))
        assert [line["event"] for line in lines if line["event"] == "no events"] == ["no events"] * 2

    asyncio.run(claim())


def test_the_wait_before_a_retry_grows_to_a_minute() -> None:
    """However often an event came back, the delay stays within what the contract allows."""
    delays = [delay_before(attempt) for attempt in range(100)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1.0, 60.0)


async def _true_when(condition: bool) -> bool:  # noqa: FBT001 - a condition
    return condition
