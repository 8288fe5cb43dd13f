"""A pending order whose event was lost is sent again; one that is only late is not."""

from datetime import timedelta

import pytest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.testing import Clock
from svc_orders.outbox import Bell
from svc_orders.reconcile import Reconciler, Watch

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


@pytest.mark.unit
def test_an_order_that_does_not_end_is_sent_again(
    reconciler: Reconciler, memory_database: Database, clock: Clock, bell: Bell
) -> None:
    """After its time and not before; the relay is woken for it."""
    add_sent(memory_database, clock)
    clock.advance(timedelta(seconds=59))
    assert reconciler.resend() == 0
    clock.advance(timedelta(seconds=1))
    rung = bell.count
    assert reconciler.resend() == 1
    assert (waiting(memory_database), bell.count) == (1, rung + 1)
    assert reconciler.resend() == 0


@pytest.mark.unit
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_an_order_that_ended_is_left_alone(
    reconciler: Reconciler, memory_database: Database, clock: Clock, status: str
) -> None:
    """However long ago."""
    add_sent(memory_database, clock, status)
    clock.advance(timedelta(days=1))
    assert reconciler.resend() == 0


@pytest.mark.unit
def test_an_event_that_was_set_aside_is_left_to_the_operator(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """Sending it again would only set it aside again."""
    add_sent(memory_database, clock, dead_reason="nonsense")
    clock.advance(timedelta(days=1))
    assert reconciler.resend() == 0


@pytest.mark.unit
def test_each_time_an_order_gets_twice_the_time(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """So that one that can never end fills no queue; it never takes more than about a day for a minute."""
    add_sent(memory_database, clock)
    for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024):
        clock.advance(timedelta(minutes=minutes, seconds=-1))
        assert reconciler.resend() == 0
        clock.advance(timedelta(seconds=1))
        assert reconciler.resend() == 1
        now = clock.now.replace(tzinfo=None).isoformat(" ")
        execute(memory_database, "UPDATE Outbox SET published_at = :now", now=now)


@pytest.mark.unit
def test_orders_that_stand_in_the_queue_are_late_not_lost(
    reconciler: Reconciler, memory_database: Database, clock: Clock
) -> None:
    """Sending them again would make the queue longer. When it holds fewer than are overdue, some must be lost."""
    for _ in range(3):
        add_sent(memory_database, clock)
    clock.advance(timedelta(hours=1))
    assert reconciler.resend(queued=1000) == 0
    assert reconciler.resend(queued=3) == 0
    assert waiting(memory_database) == 0
    assert reconciler.resend(queued=2) == 3


@pytest.mark.unit
def test_it_looks_more_often_when_orders_get_little_time(memory_database: Database, bell: Bell, clock: Clock) -> None:
    """Every ten seconds otherwise."""
    assert Reconciler(memory_database, bell, clock, timedelta(seconds=2)).every == 0.5
    assert Reconciler(memory_database, bell, clock, timedelta(hours=1)).every == 10


@pytest.mark.integration
def test_what_a_broker_had_is_found_after_it_was_taken_away(file_database: Database, bell: Bell, clock: Clock) -> None:
    """Without a relay somebody looks, too, and goes on looking after a failure."""

    class Failing(Reconciler):
        looks = 0

        def resend(self, queued: int = 0) -> int:
            self.looks += 1
            if self.looks == 1:
                raise ConnectionError
            return super().resend(queued)

    add_sent(file_database, clock)
    reconciler = Failing(file_database, bell, clock, timedelta(seconds=0.1))
    clock.advance(timedelta(seconds=1))
    watch = Watch(reconciler)
    watch.start()
    bell.wait(0, 20)
    watch.stop()
    assert (waiting(file_database), reconciler.looks >= 2) == (1, True)
