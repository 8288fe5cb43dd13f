"""Events are leased to one worker at a time and never get lost."""

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.duration_pb2 import Duration

from database.engine import AnyRow, Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.client import parse_failure
from svc_orders.outbox import Bell, Done, Outbox, Reject, Retry
from svc_orders.tests.conftest import Clock

MINUTE, NOTHING = timedelta(minutes=1), timedelta()
UUID = str(uuid.uuid4())
DONE = pb.EventSettlement.Done()
Stub = orders_pb2_grpc.OrdersStub


def add_events(database: Database, clock: Clock, number: int) -> list[str]:
    """Orders with their events, the oldest first; answers the events' ids."""
    user, book = add_user(database), add_book(database)
    ids = []
    for age in range(number, 0, -1):
        order = add_order(database, user, book)
        ids.append(str(uuid.uuid4()))
        execute(
            database,
            "INSERT INTO Outbox (event_id, order_id, payload, request_id, attempts, lease_until)"
            " VALUES (:id, :order, :payload, 'id-1', 0, :now)",
            id=ids[-1],
            order=order,
            payload=f'{{"order_id":{order},"book_id":{book},"quantity":2}}',
            now=(clock.now - timedelta(milliseconds=age)).replace(tzinfo=None).isoformat(" "),
        )
    return ids


def ids_of(events: Sequence[AnyRow]) -> list[str]:
    """Their ids."""
    return [event.event_id for event in events]


@pytest.fixture
def outbox(any_database: Database, bell: Bell, clock: Clock) -> Outbox:
    """An outbox in memory."""
    return Outbox(any_database, bell, clock)


@pytest.fixture
def file_outbox(file_database: Database, bell: Bell, clock: Clock) -> Outbox:
    """An outbox in a file, for many threads."""
    return Outbox(file_database, bell, clock)


def test_the_oldest_events_are_leased_first(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """No more than asked for, and none of them again while the lease lasts."""
    ids = add_events(any_database, clock, 3)
    assert ids_of(outbox.lease(2, MINUTE)) == ids[:2]
    assert ids_of(outbox.lease(2, MINUTE)) == ids[2:]
    assert ids_of(outbox.lease(2, MINUTE)) == []


def test_a_lease_that_ends_gives_its_event_back(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A worker that died is replaced; the attempts before are counted."""
    (event_id,) = add_events(any_database, clock, 1)
    (first,) = outbox.lease(1, MINUTE)
    clock.move(seconds=59)
    assert ids_of(outbox.lease(1, MINUTE)) == []
    clock.move(seconds=1)
    (second,) = outbox.lease(1, MINUTE)
    assert (first.attempts, second.attempts, second.event_id) == (0, 1, event_id)


def test_settled_events_do_what_was_said(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """Done and rejected ones never come back, retried ones after their delay."""
    done, retried, rejected = add_events(any_database, clock, 3)
    token = outbox.lease(3, MINUTE)[0].lease_token
    outbox.settle([Done(done, token), Retry(retried, token, timedelta(seconds=5)), Reject(rejected, token, "nonsense")])
    clock.move(seconds=4)
    assert ids_of(outbox.lease(3, MINUTE)) == []
    clock.move(seconds=1)
    assert ids_of(outbox.lease(3, MINUTE)) == [retried]
    clock.move(days=1)
    assert ids_of(outbox.lease(3, MINUTE)) == [retried]
    assert count(any_database, "Outbox", "dead_reason = 'nonsense' AND published_at IS NULL") == 1
    assert count(any_database, "Outbox", "published_at IS NOT NULL AND dead_reason IS NULL") == 1


def test_what_is_settled_stays_settled(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A worker that comes late changes nothing; an event that nobody knows is no error."""
    (event_id,) = add_events(any_database, clock, 1)
    token = outbox.lease(1, MINUTE)[0].lease_token
    outbox.settle([Done(event_id, token)])
    outbox.settle([Retry(event_id, token, NOTHING), Reject(event_id, token, "late"), Reject("unknown", token, "")])
    assert ids_of(outbox.lease(1, MINUTE)) == []
    assert count(any_database, "Outbox", "dead_reason IS NULL") == 1


@pytest.mark.parametrize("kind", ["done", "retry", "reject"])
def test_a_late_settlement_does_not_affect_the_next_lease(
    outbox: Outbox, any_database: Database, clock: Clock, kind: str
) -> None:
    """The first worker is slow, the second one has the event: nothing that the first one says counts any more."""
    (event_id,) = add_events(any_database, clock, 1)
    (first,) = outbox.lease(1, MINUTE)
    clock.move(minutes=1)
    (second,) = outbox.lease(1, MINUTE)
    late: dict[str, Done | Retry | Reject] = {
        "done": Done(event_id, first.lease_token),
        "retry": Retry(event_id, first.lease_token, NOTHING),
        "reject": Reject(event_id, first.lease_token, "late"),
    }
    outbox.settle([late[kind]])
    assert count(any_database, "Outbox", "published_at IS NULL AND dead_reason IS NULL") == 1
    assert ids_of(outbox.lease(1, MINUTE)) == []
    outbox.settle([Reject(event_id, second.lease_token, "in time")])
    assert count(any_database, "Outbox", "dead_reason = 'in time'") == 1


def test_a_settlement_after_the_end_of_an_unclaimed_lease_counts(
    outbox: Outbox, any_database: Database, clock: Clock
) -> None:
    """No other worker has the event, so the late one need not be repeated."""
    (event_id,) = add_events(any_database, clock, 1)
    (event,) = outbox.lease(1, MINUTE)
    clock.move(minutes=2)
    outbox.settle([Done(event_id, event.lease_token)])
    assert ids_of(outbox.lease(1, MINUTE)) == []


def test_a_settlement_ends_its_lease(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A worker that gave an event back can no longer settle it."""
    (event_id,) = add_events(any_database, clock, 1)
    (event,) = outbox.lease(1, MINUTE)
    outbox.settle([Retry(event_id, event.lease_token, NOTHING)])
    outbox.settle([Reject(event_id, event.lease_token, "late")])
    assert ids_of(outbox.lease(1, MINUTE)) == [event_id]


def test_an_empty_outbox_answers_after_the_wait(outbox: Outbox) -> None:
    """Without a wait at once, with one when it is over."""
    started = time.monotonic()
    assert outbox.wait_and_lease(1, MINUTE, NOTHING, lambda: True) == ()
    assert time.monotonic() - started < 2
    started = time.monotonic()
    assert outbox.wait_and_lease(1, MINUTE, timedelta(seconds=0.2), lambda: True) == ()
    assert 0.2 <= time.monotonic() - started < 5


def test_a_worker_that_is_gone_takes_nothing_with_it(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """Gone before: nothing is leased. Gone meanwhile: what was leased is given back."""
    ids = add_events(any_database, clock, 1)
    assert outbox.wait_and_lease(1, MINUTE, MINUTE, lambda: False) == ()
    answers = iter([True, False])
    assert outbox.wait_and_lease(1, MINUTE, MINUTE, lambda: next(answers)) == ()
    assert ids_of(outbox.lease(1, MINUTE)) == ids


@pytest.mark.unit
def test_a_ring_between_the_look_and_the_wait_is_not_missed(bell: Bell) -> None:
    """The bell is counted: who saw an older count does not wait."""
    seen = bell.count
    bell.ring()
    started = time.monotonic()
    bell.wait(seen, 5)
    bell.close()
    bell.wait(bell.count, 5)
    assert time.monotonic() - started < 1


@pytest.mark.integration
def test_an_event_is_leased_by_one_worker_only(file_outbox: Outbox, file_database: Database, clock: Clock) -> None:
    """Sixteen workers at once share a hundred events without a double."""
    ids = add_events(file_database, clock, 100)
    with ThreadPoolExecutor(16) as pool:
        leased = [event for events in pool.map(lambda _: file_outbox.lease(7, MINUTE), range(32)) for event in events]
    assert sorted(ids_of(leased)) == sorted(ids)


@pytest.mark.integration
def test_a_waiting_worker_wakes_with_the_bell(
    file_outbox: Outbox, file_database: Database, clock: Clock, bell: Bell
) -> None:
    """An order that is committed is on its way at once, not at the next look."""
    looked = threading.Event()

    def wanted() -> bool:
        looked.set()
        return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(file_outbox.wait_and_lease, 5, MINUTE, timedelta(seconds=20), wanted)
        assert looked.wait(5)
        ids = add_events(file_database, clock, 1)
        rung = time.monotonic()
        bell.ring()
        assert ids_of(waiting.result(5)) == ids
        assert time.monotonic() - rung < 0.4


@pytest.mark.integration
def test_events_of_another_process_are_found_too(file_outbox: Outbox, file_database: Database, clock: Clock) -> None:
    """No bell rings for them, and still nobody waits for long."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(file_outbox.wait_and_lease, 5, MINUTE, timedelta(seconds=20), lambda: True)
        ids = add_events(file_database, clock, 1)
        assert ids_of(waiting.result(3)) == ids


@pytest.mark.integration
def test_a_server_that_stops_lets_its_waiting_workers_go(file_outbox: Outbox, bell: Bell) -> None:
    """Closing the bell ends all waiting, now and later."""
    with ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(file_outbox.wait_and_lease, 5, MINUTE, timedelta(seconds=20), lambda: True) for _ in range(4)
        ]
        bell.close()
        assert [each.result(2) for each in waiting] == [()] * 4
    assert file_outbox.wait_and_lease(5, MINUTE, timedelta(seconds=20), lambda: True) == ()


@pytest.mark.integration
def test_a_placed_order_reaches_the_waiting_worker(
    orders: Stub, as_worker: Stub, user: int, book: int, clock: Clock
) -> None:
    """Through the contract: lease, retry, lease again with the attempt counted, done, and never again."""

    def lease(seconds: int) -> list[pb.OrderEvent]:
        request = pb.LeaseEventsRequest(max_events=10, lease=Duration(seconds=60), wait=Duration(seconds=seconds))
        return list(as_worker.LeaseEvents(request).events)

    def settle(event: pb.OrderEvent, **settlement: Any) -> None:
        settled = pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, **settlement)
        as_worker.AckEvents(pb.AckEventsRequest(settlements=[settled]))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lease, 10)
        request = pb.PlaceOrderRequest(user_id=user, book_id=book, quantity=2)
        order = orders.PlaceOrder(request, metadata=(("x-request-id", "id-1"),)).order
        (event,) = waiting.result(5)
    assert (event.order_id, event.book_id, event.quantity) == (order.order_id, book, 2)
    assert (event.request_id, event.attempt) == ("id-1", 0)
    assert lease(0) == []
    settle(event, retry=pb.EventSettlement.Retry(delay=Duration(seconds=5)))
    clock.move(seconds=5)
    (again,) = lease(0)
    assert (again.event_id, again.attempt) == (event.event_id, 1)
    settle(event, reject=pb.EventSettlement.Reject(reason="of the lease before"))
    settle(again, done=DONE)
    clock.move(days=1)
    assert lease(0) == []


@pytest.mark.integration
@pytest.mark.parametrize(
    "request_",
    [
        pb.LeaseEventsRequest(max_events=0, lease=Duration(seconds=60)),
        pb.LeaseEventsRequest(max_events=1001, lease=Duration(seconds=60)),
        pb.LeaseEventsRequest(max_events=1),
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=3601)),
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60), wait=Duration(seconds=21)),
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60), wait=Duration(seconds=-1)),
    ],
)
def test_a_lease_out_of_range_is_refused(as_worker: Stub, request_: pb.LeaseEventsRequest) -> None:
    """Numbers and durations have limits."""
    with pytest.raises(grpc.RpcError) as raised:
        as_worker.LeaseEvents(request_)
    assert parse_failure(raised.value).code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.integration
@pytest.mark.parametrize(
    "settlements",
    [
        [],
        [pb.EventSettlement(event_id="no uuid", lease_token=UUID, done=DONE)],
        [pb.EventSettlement(event_id=UUID, done=DONE)],
        [pb.EventSettlement(event_id=UUID, lease_token=UUID)],
        [pb.EventSettlement(event_id=UUID, lease_token=UUID, done=DONE)] * 1001,
        [pb.EventSettlement(event_id=UUID, lease_token=UUID, reject=pb.EventSettlement.Reject(reason="x" * 256))],
        [
            pb.EventSettlement(
                event_id=UUID, lease_token=UUID, retry=pb.EventSettlement.Retry(delay=Duration(seconds=3601))
            )
        ],
    ],
    ids=["none", "no uuid", "no lease token", "no settlement", "too many", "long reason", "long delay"],
)
def test_a_malformed_settlement_is_refused(as_worker: Stub, settlements: list[pb.EventSettlement]) -> None:
    """None, too many, no id, no lease token, no settlement, an endless reason or delay."""
    with pytest.raises(grpc.RpcError) as raised:
        as_worker.AckEvents(pb.AckEventsRequest(settlements=settlements))
    assert parse_failure(raised.value).code is grpc.StatusCode.INVALID_ARGUMENT
