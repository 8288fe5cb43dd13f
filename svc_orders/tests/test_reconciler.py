"""The lost event of a pending order is sent again; a late one is not."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.testing import Clock
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.maintenance import MaintenanceThread, Task
from svc_orders.outbox.reconciler import MAX_PROBES, MAX_RESENT, Backlog, Reconciler
from svc_orders.store.lost_events import CLOCK_TOLERANCE, LostEventStore

RESEND_AFTER = timedelta(minutes=1)


@pytest.fixture
def reconciler(memory_database: Database, signal: EventSignal, clock: Clock) -> Reconciler:
    """Return a reconciler for which an event counts as lost after a minute."""
    return Reconciler(LostEventStore(memory_database), signal, clock, RESEND_AFTER, clock.timestamp)


def add_published(database: Database, clock: Clock, status: str = "pending") -> int:
    """Add an order whose event has just been published and return its id."""
    order = add_order(database, add_user(database), add_book(database), status)
    now = clock.now.replace(tzinfo=None).isoformat(" ")
    execute(
        database,
        "INSERT INTO Outbox (event_id, order_id, payload, request_id, attempts, lease_until, published_at)"
        " VALUES (:id, :order, '{}', '', 1, :now, :now)",
        id=f"event-{order}",
        order=order,
        now=now,
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
def test_a_dead_event_of_a_pending_order_is_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """What made the worker reject it may be over; it stays a dead letter until then."""
    order = add_published(memory_database, clock)
    dead = "UPDATE Outbox SET published_at = NULL, dead_reason = 'nonsense', dead_at = lease_until"
    execute(memory_database, dead)
    clock.advance(timedelta(seconds=59))
    assert reconciler.resend_lost() == 0
    clock.advance(timedelta(seconds=1))
    assert reconciler.resend_lost() == 1
    assert count(memory_database, "Outbox", "published_at IS NULL AND dead_reason IS NULL AND dead_at IS NULL") == 1
    execute(memory_database, dead)
    execute(memory_database, "UPDATE Orders SET status = 'failed' WHERE order_id = :id", id=order)
    clock.advance(timedelta(days=1))
    assert reconciler.resend_lost() == 0


def publish_again(database: Database, clock: Clock) -> None:
    """Publish the events that wait."""
    now = clock.now.replace(tzinfo=None).isoformat(" ")
    execute(database, "UPDATE Outbox SET published_at = :now WHERE published_at IS NULL", now=now)


@pytest.mark.unit
def test_the_time_until_a_resend_does_not_grow(reconciler: Reconciler, memory_database: Database, clock: Clock) -> None:
    """An order whose message is lost a hundred times ends a minute after the last loss."""
    add_published(memory_database, clock)
    for _ in range(100):
        clock.advance(timedelta(seconds=59))
        assert reconciler.resend_lost(Backlog()) == 0
        clock.advance(timedelta(seconds=1))
        assert reconciler.resend_lost(Backlog()) == 1
        publish_again(memory_database, clock)


@pytest.mark.unit
def test_one_lost_event_among_a_thousand_late_ones_is_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """A later order has ended, so its message has left the queue before; the others still wait in it."""
    lost = add_published(memory_database, clock)
    add_published(memory_database, clock, "completed")
    add_late(memory_database, clock, 1100)
    clock.advance(RESEND_AFTER)
    assert reconciler.resend_lost(Backlog(first=1100)) == 1
    assert waiting_orders(memory_database) == [lost]


@pytest.mark.unit
def test_late_events_are_sent_again_a_few_at_a_time(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """They may be lost; all of them are sent once the queue has been empty for a while."""
    add_late(memory_database, clock, 100)
    clock.advance(RESEND_AFTER)
    full = Backlog(first=100)
    assert [reconciler.resend_lost(full) for _ in range(3)] == [MAX_PROBES, 0, 0]
    assert reconciler.resend_lost(Backlog()) == 0
    clock.advance(RESEND_AFTER / 4)
    assert reconciler.resend_lost(Backlog()) == 100 - MAX_PROBES


@pytest.mark.unit
def test_no_more_than_a_thousand_messages_wait_that_were_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """A broker whose queue was deleted, without a worker, does not get the whole backlog at once."""
    add_late(memory_database, clock, MAX_RESENT + 50)
    clock.advance(RESEND_AFTER)
    assert reconciler.resend_lost(Backlog()) == MAX_RESENT
    publish_again(memory_database, clock)
    assert reconciler.resend_lost(Backlog(resent=MAX_RESENT)) == 0
    assert reconciler.resend_lost(Backlog(resent=MAX_RESENT - 10)) == 10


@pytest.mark.unit
def test_an_event_that_was_sent_again_may_be_lost_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """It waits in a queue of its own, so the backlog of the first one does not matter."""
    add_late(memory_database, clock, 30)
    execute(memory_database, "UPDATE Outbox SET resent = 1 WHERE order_id <= 20")
    clock.advance(RESEND_AFTER)
    assert reconciler.resend_lost(Backlog(first=10)) == 20


@pytest.mark.unit
def test_a_due_return_is_sent_again(reconciler: Reconciler, memory_database: Database, clock: Clock) -> None:
    """The copies of an order that failed return to the stock even if the message is lost; then it stops."""
    order = add_published(memory_database, clock, "failed")
    execute(memory_database, "INSERT INTO PendingReturns (order_id) VALUES (:id)", id=order)
    clock.advance(RESEND_AFTER)
    assert reconciler.resend_lost(Backlog(first=5)) == 1
    publish_again(memory_database, clock)
    execute(memory_database, "DELETE FROM PendingReturns")
    clock.advance(RESEND_AFTER)
    assert reconciler.resend_lost(Backlog()) == 0


@pytest.mark.unit
def test_a_clock_that_was_set_back_delays_no_resend(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """An event that was published in the future counts as overdue; clocks may differ by seconds."""
    add_published(memory_database, clock)
    clock.advance(-CLOCK_TOLERANCE)
    assert reconciler.resend_lost() == 0
    clock.advance(timedelta(minutes=-10))
    assert reconciler.resend_lost() == 1


def add_late(database: Database, clock: Clock, number: int) -> None:
    """Add pending orders whose events have just been published."""
    user, book = add_user(database), add_book(database)
    now = clock.now.replace(tzinfo=None).isoformat(" ")
    orders = (
        "INSERT INTO Orders (book_id, user_id, price, quantity, status, title, authors, url, order_date)"
        " VALUES (:book, :user, '1.00', 1, 'pending', 't', 'a', 'u', :now)"
    )
    events = (
        "INSERT INTO Outbox (event_id, order_id, payload, request_id, attempts, lease_until, published_at)"
        " SELECT 'event-' || order_id, order_id, '{}', '', 1, :now, :now FROM Orders"
        " WHERE order_id NOT IN (SELECT order_id FROM Outbox)"
    )
    with database.write() as transaction:
        transaction.execute(text(orders), [{"book": book, "user": user, "now": now}] * number)
        transaction.execute(text(events), {"now": now})
        transaction.commit()


def waiting_orders(database: Database) -> list[int]:
    """Return the orders whose events wait to be sent."""
    with database.read() as connection:
        return list(connection.execute(text("SELECT order_id FROM Outbox WHERE published_at IS NULL")).scalars())


@pytest.mark.unit
def test_passes_are_more_frequent_when_events_count_as_lost_early(
    memory_database: Database, signal: EventSignal, clock: Clock
) -> None:
    """Otherwise they are five seconds apart."""
    store = LostEventStore(memory_database)
    assert Reconciler(store, signal, clock, timedelta(seconds=2)).interval_seconds == 0.5
    assert Reconciler(store, signal, clock, timedelta(hours=1)).interval_seconds == 5


@pytest.mark.integration
def test_events_of_a_removed_broker_are_sent_again(file_database: Database, signal: EventSignal, clock: Clock) -> None:
    """A thread reconciles where no relay does, and continues after a failure."""

    class Failing(Reconciler):
        passes = 0

        def resend_lost(self, backlog: Backlog | None = None) -> int:
            self.passes += 1
            if self.passes == 1:
                raise ConnectionError
            return super().resend_lost(backlog)

    add_published(file_database, clock)
    reconciler = Failing(LostEventStore(file_database), signal, clock, timedelta(seconds=0.1))
    clock.advance(timedelta(seconds=1))
    thread = MaintenanceThread([Task("reconcile", 0.05, reconciler.resend_lost)])
    thread.start()
    asyncio.run(signal.wait(0, 20))
    thread.stop()
    assert (count_waiting(file_database), reconciler.passes >= 2) == (1, True)
