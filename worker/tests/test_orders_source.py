"""The source that leases events from the orders service meets the requirements of every source."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from structlog.testing import capture_logs

from worker.handler import Outcome, Result
from worker.sources.orders import MAX_SETTLEMENTS, OrdersSource, retry_delay_seconds
from worker.tests.conformance import (
    TEST_TIMEOUT_SECONDS,
    Recorder,
    SourceConformance,
    SourceWithBackend,
    finish,
    never_finish,
    running_source,
    wait_for,
)  # fmt: skip
from worker.tests.fakes import FakeOrders, rpc_error

if TYPE_CHECKING:  # the generated module has this name for type checkers only
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

pytestmark = pytest.mark.unit

LEASE = timedelta(seconds=35)
CALL_RETRY_SECONDS = 0.01


def source_of(orders: FakeOrders, concurrency: int = 512) -> OrdersSource:
    """Return a source that leases from the fake."""
    return OrdersSource(cast("OrdersAsyncStub", orders), concurrency, LEASE, CALL_RETRY_SECONDS)


class TestOrdersSource(SourceConformance):
    """Events that are leased over gRPC."""

    def connect(self, concurrency: int) -> SourceWithBackend:
        """Return a source and the fake that it leases from."""

        @asynccontextmanager
        async def connected() -> AsyncIterator[tuple[OrdersSource, FakeOrders]]:
            orders = FakeOrders()
            yield source_of(orders, concurrency), orders

        return connected()


def test_a_request_asks_for_as_many_events_as_there_is_room_for() -> None:
    """Each request is within the contract's limits, and the lease covers the whole work."""

    async def claim() -> None:
        orders = FakeOrders()
        await orders.add_events(10)
        async with running_source(source_of(orders, 4), Recorder(never_finish).handle):
            await wait_for(lambda: len(orders.waiting) == 6)
        assert [lease.max_events for lease in orders.leases] == [4]
        assert orders.leases[0].lease.ToTimedelta() == LEASE
        assert orders.leases[0].wait.ToTimedelta() <= timedelta(seconds=20)

    asyncio.run(claim())


def test_settlements_are_sent_in_batches() -> None:
    """A thousand orders that end together take a few calls, none above the contract's limit."""

    async def claim() -> None:
        orders = FakeOrders()
        await orders.add_events(1000)
        async with running_source(source_of(orders, 1000), Recorder(finish).handle):
            await wait_for(lambda: len(orders.settlements) == 1000)
        assert len(orders.batches) <= 10
        assert max(orders.batches) <= MAX_SETTLEMENTS

    asyncio.run(claim())


def test_events_given_back_return_at_once_and_retried_events_later() -> None:
    """Given back: no delay. Retried: a longer delay for each earlier delivery. Rejected: a reason that fits."""

    async def claim() -> None:
        orders = FakeOrders()
        first, second, third = await orders.add_events(3)
        orders.waiting[1].attempt = 2

        async def work(event: pb.OrderEvent) -> Result:
            if event.order_id == first:
                return await never_finish(event)
            return Result(Outcome.RETRY if event.order_id == second else Outcome.REJECT, "x" * 1000)

        async with running_source(source_of(orders), Recorder(work).handle):
            await wait_for(lambda: len(orders.settlements) == 2)
        by_order = {orders.order_ids[each.event_id]: each for each in orders.settlements}
        assert by_order[first].HasField("retry")
        assert by_order[first].retry.delay.ToTimedelta() == timedelta()
        assert by_order[second].retry.delay.seconds == retry_delay_seconds(2) == 5
        assert by_order[third].reject.reason == "x" * 255

    asyncio.run(claim())


def test_events_that_arrive_together_with_the_stop_are_given_back() -> None:
    """The signal comes while the response is on its way: the events are not handled, and they are given back."""

    async def claim() -> None:
        orders = FakeOrders()
        source = source_of(orders)
        orders.before_response = source.stop
        order_ids = await orders.add_events(3)
        recorder = Recorder(finish)
        await asyncio.wait_for(source.run(recorder.handle), TEST_TIMEOUT_SECONDS)
        assert orders.outcomes() == dict.fromkeys(order_ids, Outcome.RETRY)
        assert all(each.retry.delay.ToTimedelta() == timedelta() for each in orders.settlements)

    asyncio.run(claim())


def test_a_service_that_is_down_is_logged_once() -> None:
    """The log has one line per outage, not one per request."""

    class CountingOrders(FakeOrders):
        requests = 0

        async def LeaseEvents(self, request: pb.LeaseEventsRequest) -> pb.LeaseEventsResponse:  # noqa: N802 - the stub's name
            self.requests += 1
            return await super().LeaseEvents(request)

    async def claim() -> None:
        orders = CountingOrders()
        await orders.go_down()
        with capture_logs() as lines:
            async with running_source(source_of(orders), Recorder(finish).handle):
                await wait_for(lambda: orders.requests > 5)
                assert [line["event"] for line in lines] == ["leasing failed"]
                await orders.come_back()
                await orders.add_events(1)
                await wait_for(lambda: len(orders.settlements) == 1)
                await orders.go_down()
                before = orders.requests
                await wait_for(lambda: orders.requests > before + 5)
        assert [line["event"] for line in lines if line["event"] == "leasing failed"] == ["leasing failed"] * 2

    asyncio.run(claim())


def test_a_lease_without_a_response_is_named_in_later_requests() -> None:
    """Its events are leased again at once; each request has a token of its own, and a shorter wait after a loss."""

    class ForgetfulOrders(FakeOrders):
        async def LeaseEvents(self, request: pb.LeaseEventsRequest) -> pb.LeaseEventsResponse:  # noqa: N802 - the stub's name
            if len(self.leases) in {1, 2}:
                self.leases.append(request)
                raise rpc_error(grpc.StatusCode.UNAVAILABLE, "")
            return await super().LeaseEvents(request)

    async def claim() -> None:
        orders = ForgetfulOrders()
        async with running_source(source_of(orders), Recorder(finish).handle):
            await orders.add_events(1)
            await wait_for(lambda: len(orders.leases) == 4)
        tokens = [each.lease_token for each in orders.leases]
        assert len(set(tokens)) == 4
        assert [list(each.lost_lease_tokens) for each in orders.leases] == [[], [], tokens[1:2], tokens[1:3]]
        assert [each.wait.seconds for each in orders.leases] == [20, 20, 5, 5]

    asyncio.run(claim())


def test_the_delay_before_a_retry_grows_to_a_minute() -> None:
    """The delay stays within the contract's limit for any number of earlier deliveries."""
    delays = [retry_delay_seconds(attempt) for attempt in range(100)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1.0, 60.0)
