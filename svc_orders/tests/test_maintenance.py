"""Expired rows are deleted, events that wait for too long are reported, and no clock change delays an event."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.env import ConfigError
from mesh.testing import SECRET, Clock
from svc_orders.config import Config
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.maintenance import REPORT_INTERVAL_SECONDS, MaintenanceThread, StaleEventReport, Task
from svc_orders.store.clock import DatabaseClock
from svc_orders.store.lost_events import LostEventStore
from svc_orders.store.outbox import OutboxStore, Retry
from svc_orders.store.purge import BATCH_SIZE, PurgeStore

MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)


def text_of(moment: datetime) -> str:
    """Return a time as the database stores it."""
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def add_event(database: Database, clock: Clock, status: str = "pending", **columns: object) -> int:
    """Add an order with its event and return its id."""
    order = add_order(database, add_user(database), add_book(database), status)
    values = {"request_id": "", "attempts": 0, "payload": "{}", "lease_until": text_of(clock.now), **columns}
    names = ", ".join(values)
    parameters = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO Outbox (event_id, order_id, {names}) VALUES (:event, :order, {parameters})"  # noqa: S608 - the test's own names
    execute(database, statement, event=f"event-{order}", order=order, **values)
    execute(database, "UPDATE Orders SET order_date = :now WHERE order_id = :id", now=text_of(clock.now), id=order)
    return order


def add_keys(database: Database, created_at: datetime, number: int) -> None:
    """Add idempotency keys of one user."""
    user = add_user(database)
    order = add_order(database, user, add_book(database))
    statement = "INSERT INTO IdempotencyKeys VALUES (:user, :key, 'x', :order, :at)"
    for each in range(number):
        execute(database, statement, user=user, key=f"key {each}", order=order, at=text_of(created_at))


def test_expired_keys_are_deleted(any_database: Database, clock: Clock) -> None:
    """Keys that are still valid stay."""
    add_keys(any_database, clock.now - DAY, 3)
    add_keys(any_database, clock.now - DAY + timedelta(seconds=1), 2)
    assert PurgeStore(any_database).purge(clock.now) == 3
    assert count(any_database, "IdempotencyKeys") == 2


@pytest.mark.unit
def test_a_large_number_of_keys_is_deleted_in_batches(memory_database: Database, clock: Clock) -> None:
    """One run deletes several batches."""
    add_keys(memory_database, clock.now - DAY, 1)
    many = (
        "INSERT INTO IdempotencyKeys WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number)"
        " SELECT user_id, 'more ' || i, 'x', order_id, :at FROM n, IdempotencyKeys"
    )
    execute(memory_database, many, number=BATCH_SIZE, at=text_of(clock.now - DAY - MINUTE))
    assert PurgeStore(memory_database).purge(clock.now) == BATCH_SIZE + 1


def test_finished_events_are_deleted(any_database: Database, clock: Clock) -> None:
    """Those of pending orders, of recent ones and of copies that have to be returned stay, and so do dead letters."""
    old = text_of(clock.now - DAY)
    recent = text_of(clock.now - DAY + timedelta(seconds=1))
    gone = add_event(any_database, clock, "completed", published_at=old)
    kept = [
        add_event(any_database, clock, published_at=old),
        add_event(any_database, clock, "failed", published_at=recent),
        add_event(any_database, clock, "failed", published_at=old),
        add_event(any_database, clock, dead_reason="nonsense", dead_at=old),
        add_event(any_database, clock, "completed", dead_reason="nonsense", dead_at=recent),
        add_event(any_database, clock, "completed"),
    ]
    execute(any_database, "INSERT INTO PendingReturns (order_id) VALUES (:id)", id=kept[2])
    assert PurgeStore(any_database).purge(clock.now) == 1
    assert count(any_database, "Outbox", f"order_id = {gone}") == 0
    assert count(any_database, "Outbox") == len(kept)


def test_events_that_wait_for_too_long_are_counted(any_database: Database, clock: Clock) -> None:
    """A leased event waits too, because its lease may never end; settled ones do not."""
    placed_at = clock.now
    add_event(any_database, clock)
    add_event(any_database, clock, lease_token="x", lease_until=text_of(clock.now + DAY))
    add_event(any_database, clock, published_at=text_of(clock.now))
    add_event(any_database, clock, dead_reason="nonsense")
    store = LostEventStore(any_database)
    clock.advance(MINUTE - timedelta(seconds=1))
    assert store.count_stale(clock.now - MINUTE).count == 0
    clock.advance(timedelta(seconds=1))
    stale = store.count_stale(clock.now - MINUTE)
    assert (stale.count, stale.since) == (2, placed_at)


@pytest.mark.unit
def test_stale_events_are_reported_when_they_begin_repeatedly_and_when_they_end(
    memory_database: Database, clock: Clock
) -> None:
    """The log says how many there are and for how long the oldest one has been waiting."""
    report = StaleEventReport(LostEventStore(memory_database), clock, MINUTE, clock.timestamp)
    add_event(memory_database, clock)
    with capture_logs() as lines:
        report.check()
        clock.advance(MINUTE)
        report.check()
        clock.advance(MINUTE)
        report.check()
        clock.advance(REPORT_INTERVAL_SECONDS)
        report.check()
        execute(memory_database, "UPDATE Outbox SET published_at = lease_until")
        report.check()
        report.check()
    assert [(line["event"], line.get("count"), line.get("oldest_seconds")) for line in lines] == [
        ("events are waiting", 1, 60),
        ("events are waiting", 1, 120 + REPORT_INTERVAL_SECONDS),
        ("no events are waiting any more", None, None),
    ]


def test_a_lease_from_before_the_clock_was_set_back_ends(
    any_database: Database, signal: EventSignal, clock: Clock
) -> None:
    """The same holds for a delay before a retry, and for an event that was placed in the future."""
    for _ in range(3):
        add_event(any_database, clock)
    outbox, store = OutboxStore(any_database), LostEventStore(any_database)
    retried, _ = outbox.lease(2, MINUTE, clock.now)
    outbox.settle([Retry(retried.event_id, retried.lease_token, MINUTE)], clock.now)
    assert store.end_leases_ahead(clock.now) == 0
    clock.advance(timedelta(minutes=-10))
    assert outbox.lease(3, MINUTE, clock.now) == []
    assert store.end_leases_ahead(clock.now) == 3
    assert len(outbox.lease(3, MINUTE, clock.now)) == 3
    assert store.end_leases_ahead(clock.now) == 0


def test_the_clock_is_the_databases(any_database: Database) -> None:
    """It follows the database's clock, and goes on between two readings."""
    clock = DatabaseClock(any_database)
    clock.refresh()
    first, second = clock(), clock()
    assert first <= second
    assert abs(first - datetime.now(UTC)) < MINUTE


@pytest.mark.unit
def test_a_task_that_fails_delays_no_other() -> None:
    """It runs again after its interval, and the failure is logged."""
    runs: list[None] = []

    def fail() -> None:
        message = "no"
        raise ValueError(message)

    with capture_logs() as lines:
        thread = MaintenanceThread([Task("failing", 0.01, fail), Task("working", 0.01, lambda: runs.append(None))])
        thread.start()
        while len(runs) < 3:
            time.sleep(0.01)
        thread.stop()
    assert {line["task"] for line in lines} == {"failing"}


@pytest.mark.unit
@pytest.mark.parametrize("value", ["0", "0.5", "-1", "nan"])
def test_no_event_counts_as_lost_at_once(value: str) -> None:
    """Otherwise, every event would be sent again before the worker could get it."""
    environ = {"JWT_SECRET_KEY": SECRET, "dbURL": "sqlite:///:memory:", "RECONCILE_AFTER_SECONDS": value}
    with pytest.raises(ConfigError, match=r"^RECONCILE_AFTER_SECONDS must be a number of seconds from 1 to 86400"):
        Config.from_env(environ)
