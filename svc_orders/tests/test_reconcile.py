"""A pending order whose event was lost is sent again; one that is only late is not."""

from datetime import timedelta

import pytest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from svc_orders.outbox import Bell
from svc_orders.reconcile import Reconciler
from svc_orders.tests.conftest import Clock

pytestmark = pytest.mark.unit

AFTER = timedelta(minutes=1)


@pytest.fixture
def reconciler(memory_database: Database, bell: Bell, clock: Clock) -> Reconciler:
    """It gives orders a minute."""
    return Reconciler(memory_database, bell, clock, AFTER)


def add_sent(database: Database, clock: Clock, status: str = "pending", dead_reason: str | None = None) -> int:
    """An order whose event has just gone out; answers its id."""
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


def waiting(database: Database) -> int:
    """How many events wait to be sent."""
    return count(database, "Outbox", "published_at IS NULL")


def test_an_order_that_does_not_end_is_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock, bell: Bell
) -> None:
    """After its time and not before; the relay is woken for it."""
    add_sent(memory_database, clock)
    clock.move(seconds=59)
    assert reconciler.resend() == 0
    clock.move(seconds=1)
    rung = bell.count
    assert reconciler.resend() == 1
    assert (waiting(memory_database), bell.count) == (1, rung + 1)
    assert reconciler.resend() == 0


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_an_order_that_ended_is_left_alone(
    reconciler: Reconciler, memory_database: Database, clock: Clock, status: str
) -> None:
    """However long ago."""
    add_sent(memory_database, clock, status)
    clock.move(days=1)
    assert reconciler.resend() == 0


def test_an_event_that_was_set_aside_is_left_to_the_operator(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """Sending it again would only set it aside again."""
    add_sent(memory_database, clock, dead_reason="nonsense")
    clock.move(days=1)
    assert reconciler.resend() == 0


def test_each_time_an_order_gets_twice_the_time(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """So that one that can never end fills no queue; it never takes more than about a day for a minute."""
    add_sent(memory_database, clock)
    waits = []
    for _ in range(13):
        waited = 0
        while not reconciler.resend():
            waited += 1
            clock.move(minutes=1)
        waits.append(waited)
        now = clock.now.replace(tzinfo=None).isoformat(" ")
        execute(memory_database, "UPDATE Outbox SET published_at = :now", now=now)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]


def test_orders_that_stand_in_the_queue_are_late_not_lost(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """Sending them again would make the queue longer. When it holds fewer than are overdue, some must be lost."""
    for _ in range(3):
        add_sent(memory_database, clock)
    clock.move(hours=1)
    assert reconciler.resend(queued=1000) == 0
    assert reconciler.resend(queued=3) == 0
    assert waiting(memory_database) == 0
    assert reconciler.resend(queued=2) == 3


def test_it_looks_more_often_when_orders_get_little_time(memory_database: Database, bell: Bell, clock: Clock) -> None:
    """Every ten seconds otherwise."""
    assert Reconciler(memory_database, bell, clock, timedelta(seconds=2)).every == 0.5
    assert Reconciler(memory_database, bell, clock, timedelta(hours=1)).every == 10
