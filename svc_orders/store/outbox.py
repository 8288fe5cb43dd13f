"""Statements on the events of orders."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Integer, Update, bindparam, select, update

from database.engine import Database, retry_transaction
from svc_orders.store.dead_events import DeadEventStore
from svc_orders.store.event_states import UNSETTLED
from svc_orders.store.tables import OutboxEvent

WAITING = *UNSETTLED, OutboxEvent.lease_until <= bindparam("now")
ANY_WAITING = select(OutboxEvent.event_id).where(*WAITING).limit(1)
SELECT_WAITING = (
    select(OutboxEvent.event_id, OutboxEvent.payload, OutboxEvent.request_id, OutboxEvent.attempts, OutboxEvent.resent)
    .where(*WAITING)
    # In the index's own order: a server that had to sort would lock all waiting rows, and others would find none.
    .order_by(OutboxEvent.lease_until)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
)
UPDATE_LEASED = (
    update(OutboxEvent)
    .where(OutboxEvent.event_id.in_(bindparam("ids", expanding=True)))
    .values(
        lease_until=bindparam("until"),
        leased_at=bindparam("now"),
        lease_token=bindparam("new_token"),
        attempts=OutboxEvent.attempts + 1,
    )
)
RELEASE_LEASES = (
    update(OutboxEvent)
    # The first two conditions are those of the index; the tokens have none.
    .where(OutboxEvent.published_at.is_(None), OutboxEvent.lease_until > bindparam("now"))
    .where(OutboxEvent.lease_token.in_(bindparam("tokens", expanding=True)), OutboxEvent.dead_reason.is_(None))
    .values(lease_until=bindparam("now"), leased_at=bindparam("now"), lease_token=None)
)


@dataclass(frozen=True, slots=True)
class LeasedEvent:
    """An event that is leased to one consumer.

    Args:
        event_id: the event.
        payload: the message of the order.
        request_id: id of the request that placed the order.
        attempts: number of earlier leases.
        resent: number of times that it was sent again.
        lease_token: identifies the lease.
    """

    event_id: str
    payload: str
    request_id: str
    attempts: int
    resent: int
    lease_token: str


@dataclass(frozen=True, slots=True)
class Done:
    """Settles an event as finished.

    Args:
        event_id: the event.
        lease_token: the lease under which the event was processed. The settlement is ignored when it is not the
            event's current lease.
    """

    event_id: str
    lease_token: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Settles an event so that it is delivered again after a delay."""

    event_id: str
    lease_token: str
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Reject:
    """Settles an event that cannot be processed, with the reason."""

    event_id: str
    lease_token: str
    reason: str


Settlement: TypeAlias = Done | Retry | Reject


class OutboxStore:
    """Reads and writes the events of orders.

    Args:
        database: where the events are.

    Attributes:
        dead: the events that a worker has rejected.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dead = DeadEventStore(database)

    def has_waiting(self, now: datetime) -> bool:
        """Return whether an event waits, without SQLite's write lock, which placing orders needs."""
        with self._database.read() as connection:
            return connection.execute(ANY_WAITING, {"now": now}).first() is not None

    @retry_transaction
    def lease(self, max_events: int, lease: timedelta, now: datetime, token: str = "") -> list[LeasedEvent]:
        """Lease up to `max_events` waiting events, the oldest first, under the token, or under a new one."""
        token = token or str(uuid.uuid4())
        with self._database.write() as transaction:
            rows = transaction.execute(SELECT_WAITING, {"now": now, "limit": max_events}).all()
            if rows:
                ids = [row.event_id for row in rows]
                values = {"ids": ids, "until": now + lease, "now": now, "new_token": token}
                transaction.execute(UPDATE_LEASED, values)
            transaction.commit()
        return [LeasedEvent(*row, lease_token=token) for row in rows]

    @retry_transaction
    def release(self, tokens: Sequence[str], now: datetime) -> int:
        """Let the unsettled events of these leases wait again, and return their number."""
        with self._database.write() as transaction:
            released = transaction.execute(RELEASE_LEASES, {"tokens": tokens, "now": now}).rowcount
            transaction.commit()
        return released

    @retry_transaction
    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Store the settlements of leased events and end their leases.

        A settlement is ignored when its event is settled already or has another lease, so that a late consumer does
        not affect the next one.
        """
        done: dict[str, list[str]] = {}
        with self._database.write() as transaction:
            for settlement in settlements:
                token, event_id = settlement.lease_token, settlement.event_id
                if isinstance(settlement, Done):
                    done.setdefault(token, []).append(event_id)
                elif isinstance(settlement, Retry):
                    values = {"lease_until": now + settlement.delay, "leased_at": now}
                    transaction.execute(_update_leased(token, [event_id]).values(values))
                else:
                    rejected = _update_leased(token, [event_id]).values(dead_reason=settlement.reason, dead_at=now)
                    transaction.execute(rejected)
            for token, event_ids in done.items():
                transaction.execute(_update_leased(token, event_ids).values(published_at=now))
            transaction.commit()


def _update_leased(token: str, event_ids: Sequence[str]) -> Update:
    """Return an UPDATE of the events that the lease still holds; it ends the lease."""
    held = OutboxEvent.lease_token == token, *UNSETTLED
    return update(OutboxEvent).where(OutboxEvent.event_id.in_(event_ids), *held).values(lease_token=None)
