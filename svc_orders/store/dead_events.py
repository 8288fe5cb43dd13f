"""Statements on events that a worker has rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from database.engine import Database, retry_transaction
from svc_orders.store.event_states import WAITING_AGAIN
from svc_orders.store.tables import OutboxEvent

MAX_DEAD_EVENTS = 1000
"""Events in one list; the contract has the same limit."""
SELECT_DEAD = (
    select(
        OutboxEvent.event_id,
        OutboxEvent.order_id,
        func.coalesce(OutboxEvent.dead_reason, ""),
        OutboxEvent.dead_at,
        OutboxEvent.attempts,
        OutboxEvent.request_id,
        OutboxEvent.payload,
    )
    .where(OutboxEvent.published_at.is_(None), OutboxEvent.dead_reason.is_not(None))
    .order_by(OutboxEvent.order_id)
    .limit(MAX_DEAD_EVENTS)
)
UPDATE_REDRIVEN = (
    update(OutboxEvent)
    .where(OutboxEvent.event_id.in_(bindparam("ids", expanding=True)), OutboxEvent.dead_reason.is_not(None))
    .values(WAITING_AGAIN)
)


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """A rejected event, with the reason and the time."""

    event_id: str
    order_id: int
    reason: str
    dead_at: datetime | None
    attempts: int
    request_id: str
    payload: str


class DeadEventStore:
    """Lists rejected events, and lets them wait for a consumer again.

    Args:
        database: where the events are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_all(self) -> list[DeadEvent]:
        """Return the rejected events, the oldest orders first, at most 1000."""
        with self._database.read() as connection:
            return [DeadEvent(*row) for row in connection.execute(SELECT_DEAD)]

    @retry_transaction(idempotent=True)
    def redrive(self, event_ids: Sequence[str], now: datetime) -> int:
        """Let rejected events wait for a consumer again and return their number."""
        with self._database.write() as transaction:
            redriven = transaction.execute(UPDATE_REDRIVEN, {"ids": sorted(event_ids), "now": now}).rowcount
            transaction.commit()
        return redriven
