"""The lost event of a pending order is sent again; a late one is not."""

import asyncio
from datetime import timedelta

import pytest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.testing import Clock
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.reconciler import Reconciler, ReconcilerThread
from svc_orders.store.outbox import OutboxStore

RESEND_AFTER = timedelta(minutes=1)


@pytest.fixture
def reconciler(memory_database: Database, signal: EventSignal, clock: Clock) -> Reconciler:
    """Return a reconciler for which an event counts as lost after a minute."""
    return Reconciler(OutboxStore(memory_database), signal, clock, RESEND_AFTER)


def add_published(database: Database, clock: Clock, status: str = "pending", dead_reason: str | None = None) -> int:
    """Add an order whose event has just been published and return its id."""
    order = add_order(database, add_user(database), add_book(database), status)
    now = clock.now.replace(tzinfo=None).isoformat(" ")
    execute(
        database,
        "INSERT INTO Outbox (event_id, order_id, payload, request_id, attempts, lease_until, published_at, dead_reason)"
        " VALUES (:id, :order, '{}', '', 1, :now, :now, :dead_reason)",
        id=f"event-{order}",
        order=order,
        now=now,
        dead_reason=dead_reason,
    )
    return order


def count_waiting(database: Database) -> int:
    """Return the number of events that wait to be sent."""
    return count(database, "Outbox", "published_at IS NULL")


@pytest.mark.unit
def test_an_order_that_does_not_end_is_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock, signal: EventSignal
) -> None:
    """It is sent after its time and not before, and the relay is notified."""
    add_published(memory_database, clock)
    clock.advance(timedelta(seconds=59))
    assert reconciler.resend_lost() == 0
    clock.advance(timedelta(seconds=1))
    last_count = signal.count
    assert reconciler.resend_lost() == 1
    assert (count_waiting(memory_database), signal.count) == (1, last_count + 1)
    assert reconciler.resend_lost() == 0


@pytest.mark.unit
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_the_event_of_an_order_that_ended_is_not_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock, status: str
) -> None:
    """The age of the event does not matter."""
    add_published(memory_database, clock, status)
    clock.advance(timedelta(days=1))
    assert reconciler.resend_lost() == 0


@pytest.mark.unit
def test_a_dead_event_is_not_sent_again(reconciler: Reconciler, memory_database: Database, clock: Clock) -> None:
    """It would only be rejected again; an operator decides about it."""
    add_published(memory_database, clock, dead_reason="nonsense")
    clock.advance(timedelta(days=1))
    assert reconciler.resend_lost() == 0


@pytest.mark.unit
def test_each_resend_doubles_the_time_until_the_next(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """The time stops growing after ten doublings, at about 17 hours for a minute."""
    add_published(memory_database, clock)
    for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024):
        clock.advance(timedelta(minutes=minutes, seconds=-1))
        assert reconciler.resend_lost() == 0
        clock.advance(timedelta(seconds=1))
        assert reconciler.resend_lost() == 1
        now = clock.now.replace(tzinfo=None).isoformat(" ")
        execute(memory_database, "UPDATE Outbox SET published_at = :now", now=now)


@pytest.mark.unit
def test_events_in_the_queue_are_late_rather_than_lost(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """They are sent again only when the queue holds fewer messages than orders are overdue."""
    for _ in range(3):
        add_published(memory_database, clock)
    clock.advance(timedelta(hours=1))
    assert reconciler.resend_lost(queued=1000) == 0
    assert reconciler.resend_lost(queued=3) == 0
    assert count_waiting(memory_database) == 0
    assert reconciler.resend_lost(queued=2) == 3


@pytest.mark.unit
def test_passes_are_more_frequent_when_events_count_as_lost_early(
    memory_database: Database, signal: EventSignal, clock: Clock
) -> None:
    """Otherwise they are ten seconds apart."""
    store = OutboxStore(memory_database)
    assert Reconciler(store, signal, clock, timedelta(seconds=2)).interval_seconds == 0.5
    assert Reconciler(store, signal, clock, timedelta(hours=1)).interval_seconds == 10


@pytest.mark.integration
def test_events_of_a_removed_broker_are_sent_again(file_database: Database, signal: EventSignal, clock: Clock) -> None:
    """A thread reconciles where no relay does, and continues after a failure."""

    class Failing(Reconciler):
        passes = 0

        def resend_lost(self, queued: int = 0) -> int:
            self.passes += 1
            if self.passes == 1:
                raise ConnectionError
            return super().resend_lost(queued)

    add_published(file_database, clock)
    reconciler = Failing(OutboxStore(file_database), signal, clock, timedelta(seconds=0.1))
    clock.advance(timedelta(seconds=1))
    thread = ReconcilerThread(reconciler)
    thread.start()
    asyncio.run(signal.wait(0, 20))
    thread.stop()
    assert (count_waiting(file_database), reconciler.passes >= 2) == (1, True)
