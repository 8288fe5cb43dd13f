"""Hands the events of placed orders on: leases them to a worker, and settles them."""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Update, literal, select, update

from database.engine import AnyRow, Database, retry_transaction
from svc_orders.models import OutboxEvent

GATHER = 0.1
"""Seconds from one batch to the next at least: a batch of one event costs each service as much as one of fifty."""
LOOK_EVERY = 0.5
"""Seconds between two looks while waiting: for events of other processes, and for those that come back."""


@dataclass(frozen=True)
class Done:
    """Settles an event as finished.

    Args:
        event_id: the event.
        lease_token: the lease under which the event was processed. The settlement is ignored when it is not the
            event's current lease.
    """

    event_id: str
    lease_token: str


@dataclass(frozen=True)
class Retry:
    """Settles an event so that it is delivered again after a delay."""

    event_id: str
    lease_token: str
    delay: timedelta


@dataclass(frozen=True)
class Reject:
    """Settles an event that cannot be processed: it is set aside with the reason."""

    event_id: str
    lease_token: str
    reason: str


Settlement: TypeAlias = Done | Retry | Reject


class Bell:
    """Wakes those who wait for events. Rings are counted, so that none is missed between a look and a wait."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self.count = 0
        self.closed = False

    def ring(self) -> None:
        """Says that there is something to do."""
        with self._rung:
            self.count += 1
            self._rung.notify_all()

    def close(self) -> None:
        """Ends all waiting, now and later."""
        self.closed = True
        self.ring()

    def wait(self, seen: int, timeout: float) -> None:
        """Returns when it has rung since `seen`, or after the timeout in seconds."""
        with self._rung:
            self._rung.wait_for(lambda: self.closed or self.count != seen, timeout)


class Outbox:
    """The events in the database.

    Args:
        database: where they are.
        bell: rung by whoever commits an order.
        clock: the present, UTC.
    """

    def __init__(self, database: Database, bell: Bell, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bell = bell
        self._clock = clock
        self._next_batch = 0.0

    def wait_and_lease(
        self, most: int, lease: timedelta, wait: timedelta, still_wanted: Callable[[], bool]
    ) -> Sequence[AnyRow]:
        """Leases up to `most` events, the oldest first; waits up to `wait` for a first one.

        A worker that dies while it waits must not take events with it: they are given back when it is gone.
        """
        deadline = time.monotonic() + wait.total_seconds()
        while True:
            seen = self._bell.count
            events: Sequence[AnyRow] = ()
            if self._has_waiting() and still_wanted():
                self._gather()
                events = self.lease(most, lease)
            if events and not still_wanted():
                self.settle([Retry(event.event_id, event.lease_token, timedelta()) for event in events])
                return ()
            left = deadline - time.monotonic()
            if events or left <= 0 or self._bell.closed or not still_wanted():
                return events
            self._bell.wait(seen, min(left, LOOK_EVERY))

    @retry_transaction
    def lease(self, most: int, lease: timedelta) -> Sequence[AnyRow]:
        """Keep up to `most` waiting events for the caller until the lease ends.

        Each row has the number of earlier attempts, and the token of the new lease, which `settle` requires.
        """
        now, token = self._clock(), str(uuid.uuid4())
        columns = OutboxEvent.event_id, OutboxEvent.payload, OutboxEvent.request_id, OutboxEvent.attempts
        waiting = (
            select(*columns, literal(token).label("lease_token"))
            .where(*_waiting(now))
            # In the index's own order: a server that had to sort would lock all that wait, and others would find none.
            .order_by(OutboxEvent.lease_until)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as transaction:
            events = transaction.execute(waiting).all()
            if events:
                leased = update(OutboxEvent).where(OutboxEvent.event_id.in_([event.event_id for event in events]))
                values = {"lease_until": now + lease, "lease_token": token, "attempts": OutboxEvent.attempts + 1}
                transaction.execute(leased.values(values))
            transaction.commit()
        return events

    @retry_transaction
    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Store what happens to leased events.

        A settlement ends its lease. It is ignored when the event is settled already or has another lease: a worker
        that is late does not affect the next one.
        """
        now = self._clock()
        done: dict[str, list[str]] = {}
        with self._database.write() as transaction:
            for settlement in settlements:
                if isinstance(settlement, Done):
                    done.setdefault(settlement.lease_token, []).append(settlement.event_id)
                elif isinstance(settlement, Retry):
                    event = _leased(settlement.lease_token, [settlement.event_id])
                    transaction.execute(event.values(lease_until=now + settlement.delay))
                else:
                    event = _leased(settlement.lease_token, [settlement.event_id])
                    transaction.execute(event.values(dead_reason=settlement.reason))
            for token, event_ids in done.items():
                transaction.execute(_leased(token, event_ids).values(published_at=now))
            transaction.commit()

    def _gather(self) -> None:
        """Goes on at once after a pause, and under load when there is more than one event to take."""
        time.sleep(max(0.0, self._next_batch - time.monotonic()))
        self._next_batch = time.monotonic() + GATHER

    def _has_waiting(self) -> bool:
        """Looks without taking SQLite's write lock, which the buyers need."""
        with self._database.read() as connection:
            return (
                connection.execute(select(OutboxEvent.event_id).where(*_waiting(self._clock())).limit(1)).first()
                is not None
            )


def _leased(token: str, event_ids: Sequence[str]) -> Update:
    """Return an UPDATE of those of the events that the lease still holds; it ends the lease."""
    held = OutboxEvent.lease_token == token, OutboxEvent.published_at.is_(None), OutboxEvent.dead_reason.is_(None)
    return update(OutboxEvent).where(OutboxEvent.event_id.in_(event_ids), *held).values(lease_token=None)


def _waiting(now: datetime) -> tuple[Any, ...]:
    return OutboxEvent.published_at.is_(None), OutboxEvent.dead_reason.is_(None), OutboxEvent.lease_until <= now
