"""An event is leased to one consumer at a time and is never lost."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.duration_pb2 import Duration

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.testing import Clock, rpc_failure
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.store.outbox import Done, LeasedEvent, OutboxStore, Reject, Retry

MINUTE, NOTHING = timedelta(minutes=1), timedelta()
UUID = str(uuid.uuid4())
DONE = pb.EventSettlement.Done()
Stub = orders_pb2_grpc.OrdersStub


def add_events(database: Database, clock: Clock, number: int) -> list[str]:
    """Add orders with their events, the oldest first, and return the ids of the events."""
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


def wait_and_lease(
    outbox: Outbox, wait: timedelta = timedelta(seconds=20), is_active: Callable[[], bool] = lambda: True
) -> list[str]:
    """Wait for up to five events in an event loop of its own, and return their ids."""
    return ids_of(asyncio.run(outbox.wait_and_lease(5, MINUTE, wait, is_active)))


def ids_of(events: Sequence[LeasedEvent]) -> list[str]:
    """Return the ids of the events."""
    return [event.event_id for event in events]


@pytest.fixture
def outbox(any_database: Database, signal: EventSignal, clock: Clock) -> Outbox:
    """Return an outbox for one thread."""
    return Outbox(OutboxStore(any_database), signal, clock)


@pytest.fixture
def file_outbox(file_database: Database, signal: EventSignal, clock: Clock) -> Outbox:
    """Return an outbox for many threads."""
    return Outbox(OutboxStore(file_database), signal, clock)


def test_the_oldest_events_are_leased_first(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A lease takes at most the requested number, and no event that is leased already."""
    ids = add_events(any_database, clock, 3)
    assert ids_of(outbox.lease(2, MINUTE)) == ids[:2]
    assert ids_of(outbox.lease(2, MINUTE)) == ids[2:]
    assert ids_of(outbox.lease(2, MINUTE)) == []


def test_a_lease_that_ends_gives_its_event_back(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """The event of a consumer that died is leased again, with the number of earlier attempts."""
    (event_id,) = add_events(any_database, clock, 1)
    (first,) = outbox.lease(1, MINUTE)
    clock.advance(timedelta(seconds=59))
    assert ids_of(outbox.lease(1, MINUTE)) == []
    clock.advance(timedelta(seconds=1))
    (second,) = outbox.lease(1, MINUTE)
    assert (first.attempts, second.attempts, second.event_id) == (0, 1, event_id)


def test_a_settlement_decides_about_its_event(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """Done and rejected events are never leased again, retried ones after their delay."""
    done, retried, rejected = add_events(any_database, clock, 3)
    token = outbox.lease(3, MINUTE)[0].lease_token
    outbox.settle([Done(done, token), Retry(retried, token, timedelta(seconds=5)), Reject(rejected, token, "nonsense")])
    clock.advance(timedelta(seconds=4))
    assert ids_of(outbox.lease(3, MINUTE)) == []
    clock.advance(timedelta(seconds=1))
    assert ids_of(outbox.lease(3, MINUTE)) == [retried]
    clock.advance(timedelta(days=1))
    assert ids_of(outbox.lease(3, MINUTE)) == [retried]
    assert count(any_database, "Outbox", "dead_reason = 'nonsense' AND published_at IS NULL") == 1
    assert count(any_database, "Outbox", "published_at IS NOT NULL AND dead_reason IS NULL") == 1


def test_a_settled_event_stays_settled(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A later settlement changes nothing, and an unknown event is not an error."""
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
    """While the second consumer has the event, settlements of the slow first one are ignored."""
    (event_id,) = add_events(any_database, clock, 1)
    (first,) = outbox.lease(1, MINUTE)
    clock.advance(timedelta(minutes=1))
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


def test_a_late_settlement_without_another_lease_takes_effect(
    outbox: Outbox, any_database: Database, clock: Clock
) -> None:
    """No other consumer has the event, so its work is not repeated."""
    (event_id,) = add_events(any_database, clock, 1)
    (event,) = outbox.lease(1, MINUTE)
    clock.advance(timedelta(minutes=2))
    outbox.settle([Done(event_id, event.lease_token)])
    assert ids_of(outbox.lease(1, MINUTE)) == []


def test_a_settlement_ends_its_lease(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """A consumer that gave an event back can no longer settle it."""
    (event_id,) = add_events(any_database, clock, 1)
    (event,) = outbox.lease(1, MINUTE)
    outbox.settle([Retry(event_id, event.lease_token, NOTHING)])
    outbox.settle([Reject(event_id, event.lease_token, "late")])
    assert ids_of(outbox.lease(1, MINUTE)) == [event_id]


def test_an_empty_outbox_returns_after_the_wait(outbox: Outbox) -> None:
    """It returns at once when there is no wait, and otherwise at its end."""
    started = time.monotonic()
    assert wait_and_lease(outbox, NOTHING) == []
    assert time.monotonic() - started < 2
    started = time.monotonic()
    assert wait_and_lease(outbox, timedelta(seconds=0.2)) == []
    assert 0.2 <= time.monotonic() - started < 5


def test_a_consumer_that_has_gone_takes_no_events(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """If it went before the lease, nothing is leased; if it went during the lease, the events are given back."""
    ids = add_events(any_database, clock, 1)
    assert wait_and_lease(outbox, MINUTE, lambda: False) == []
    activity = iter([True, False])
    assert wait_and_lease(outbox, MINUTE, lambda: next(activity)) == []
    assert ids_of(outbox.lease(1, MINUTE)) == ids


def test_a_lease_that_was_lost_is_leased_again_at_once(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """Only its unsettled events are; those of other leases stay leased."""
    ids = add_events(any_database, clock, 4)
    lost, other = str(uuid.uuid4()), str(uuid.uuid4())
    leased = [*outbox.lease(2, MINUTE, lost), *outbox.lease(1, MINUTE, other), *outbox.lease(1, MINUTE, lost)]
    assert [(each.event_id, each.lease_token) for each in leased] == list(
        zip(ids, [lost, lost, other, lost], strict=True)
    )
    outbox.settle([Done(ids[0], lost), Reject(ids[1], lost, "no")])
    asyncio.run(outbox.release([lost]))
    assert ids_of(outbox.lease(5, MINUTE)) == ids[3:]


def test_rejected_events_are_listed_and_sent_back(outbox: Outbox, any_database: Database, clock: Clock) -> None:
    """The list has the reason and the time; only rejected events are sent back."""
    rejected, waiting = add_events(any_database, clock, 2)
    (event, _) = outbox.lease(2, MINUTE)
    outbox.settle([Reject(rejected, event.lease_token, "nonsense")])
    (dead,) = outbox.find_dead()
    assert (dead.event_id, dead.reason, dead.dead_at, dead.attempts) == (rejected, "nonsense", clock.now, 1)
    assert outbox.redrive([rejected, waiting, "unknown"]) == 1
    assert (outbox.find_dead(), outbox.redrive([rejected])) == ([], 0)
    assert ids_of(outbox.lease(2, MINUTE)) == [rejected]


@pytest.mark.unit
def test_a_notification_before_the_wait_is_not_lost(signal: EventSignal) -> None:
    """Notifications are counted, so a task with an older count does not wait."""
    last_count = signal.count
    signal.notify()
    started = time.monotonic()
    asyncio.run(signal.wait(last_count, 5))
    signal.close()
    asyncio.run(signal.wait(signal.count, 5))
    assert time.monotonic() - started < 1


@pytest.mark.integration
def test_an_event_is_leased_to_one_consumer_only(file_outbox: Outbox, file_database: Database, clock: Clock) -> None:
    """Sixteen concurrent consumers share a hundred events without a duplicate."""
    ids = add_events(file_database, clock, 100)
    with ThreadPoolExecutor(16) as pool:
        leased = [event for events in pool.map(lambda _: file_outbox.lease(7, MINUTE), range(32)) for event in events]
    assert sorted(ids_of(leased)) == sorted(ids)


@pytest.mark.integration
def test_a_waiting_consumer_is_woken_by_the_signal(
    file_outbox: Outbox, file_database: Database, clock: Clock, signal: EventSignal
) -> None:
    """A committed order is leased at once, not at the next poll."""
    polled = threading.Event()

    def is_active() -> bool:
        polled.set()
        return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_and_lease, file_outbox, is_active=is_active)
        assert polled.wait(5)
        ids = add_events(file_database, clock, 1)
        notified = time.monotonic()
        signal.notify()
        assert waiting.result(5) == ids
        assert time.monotonic() - notified < 0.4


@pytest.mark.integration
def test_events_of_another_process_are_found_by_polling(
    file_database: Database, signal: EventSignal, clock: Clock
) -> None:
    """They come without a notification and are still leased soon."""
    outbox = Outbox(OutboxStore(file_database), signal, clock, poll_interval_seconds=0.05)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_and_lease, outbox)
        ids = add_events(file_database, clock, 1)
        assert waiting.result(3) == ids


@pytest.mark.integration
def test_a_server_that_stops_ends_all_waiting(file_outbox: Outbox, signal: EventSignal) -> None:
    """Closing the signal ends all waiting, now and later."""
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(wait_and_lease, file_outbox) for _ in range(4)]
        signal.close()
        assert [each.result(2) for each in waiting] == [[]] * 4
    assert wait_and_lease(file_outbox) == []


@pytest.mark.integration
def test_a_placed_order_reaches_the_waiting_consumer(
    orders: Stub, as_worker: Stub, user: int, book: int, clock: Clock
) -> None:
    """The event is leased, retried, leased again with its attempt, settled as done, and never leased again."""

    def lease(seconds: int) -> list[pb.OrderEvent]:
        request = pb.LeaseEventsRequest(max_events=10, lease=Duration(seconds=60), wait=Duration(seconds=seconds))
        return list(as_worker.LeaseEvents(request).events)

    def settle(event: pb.OrderEvent, **settlement: Any) -> None:
        message = pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, **settlement)
        as_worker.AckEvents(pb.AckEventsRequest(settlements=[message]))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lease, 10)
        request = pb.PlaceOrderRequest(user_id=user, book_id=book, quantity=2)
        order = orders.PlaceOrder(request, metadata=(("x-request-id", "id-1"),)).order
        (event,) = waiting.result(5)
    assert (event.order_id, event.book_id, event.quantity) == (order.order_id, book, 2)
    assert (event.request_id, event.attempt) == ("id-1", 0)
    assert lease(0) == []
    settle(event, retry=pb.EventSettlement.Retry(delay=Duration(seconds=5)))
    clock.advance(timedelta(seconds=5))
    (second,) = lease(0)
    assert (second.event_id, second.attempt) == (event.event_id, 1)
    settle(event, reject=pb.EventSettlement.Reject(reason="of the previous lease"))
    settle(second, done=DONE)
    clock.advance(timedelta(days=1))
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
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60), lease_token="no uuid"),
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60), lost_lease_tokens=["no uuid"]),
        pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60), lost_lease_tokens=[UUID] * 11),
    ],
)
def test_a_lease_out_of_range_is_refused(refusing_worker_orders: Stub, request_: pb.LeaseEventsRequest) -> None:
    """Numbers and durations have limits."""
    assert rpc_failure(refusing_worker_orders.LeaseEvents, request_).code is grpc.StatusCode.INVALID_ARGUMENT


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
def test_a_malformed_settlement_is_refused(refusing_worker_orders: Stub, settlements: list[pb.EventSettlement]) -> None:
    """Ids, lease tokens and settlements are required, and reasons, delays and batches have limits."""
    failure = rpc_failure(refusing_worker_orders.AckEvents, pb.AckEventsRequest(settlements=settlements))
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
