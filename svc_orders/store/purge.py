"""Deletes the idempotency keys and the events that are no longer needed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Integer, bindparam, delete, or_, select

from database.engine import Database, retry_transaction
from registry.order_statuses import PENDING
from svc_orders.rules import KEY_LIFETIME
from svc_orders.store.tables import IdempotencyKey, Order, OutboxEvent, PendingReturn

EVENT_LIFETIME = timedelta(hours=24)
"""Time for which the event of an order that has ended is kept, with the reason if it is a dead letter."""
BATCH_SIZE = 500
"""Rows that one transaction deletes, so that no other one waits for long."""
MAX_BATCHES = 20
"""Transactions in one run, for each table."""

UNTIL, SIZE = bindparam("until"), bindparam("size", type_=Integer())
EXPIRED_KEYS = (
    select(IdempotencyKey.created_at)
    .where(IdempotencyKey.created_at <= UNTIL)
    .order_by(IdempotencyKey.created_at)
    .limit(SIZE)
)
DELETE_KEYS = delete(IdempotencyKey).where(IdempotencyKey.created_at <= UNTIL)
IS_OLD = or_(OutboxEvent.published_at <= UNTIL, OutboxEvent.dead_at <= UNTIL)
FINISHED_EVENTS = (
    select(OutboxEvent.event_id)
    .join(Order, Order.order_id == OutboxEvent.order_id)
    .outerjoin(PendingReturn, PendingReturn.order_id == OutboxEvent.order_id)
    .where(IS_OLD, Order.status != PENDING, PendingReturn.order_id.is_(None))
    .limit(SIZE)
)
DELETE_EVENTS = delete(OutboxEvent).where(OutboxEvent.event_id.in_(bindparam("ids", expanding=True)), IS_OLD)


class PurgeStore:
    """Deletes rows in small batches, by an index, so that other transactions rarely wait.

    Args:
        database: where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def purge(self, now: datetime) -> int:
        """Delete the expired keys, and the events of orders that ended long ago; return the number of rows.

        The event of a pending order stays, and so does that of an order whose copies have to be returned.
        """
        deleted = 0
        for delete_batch, until in (
            (self._delete_keys, now - KEY_LIFETIME),
            (self._delete_events, now - EVENT_LIFETIME),
        ):
            for _ in range(MAX_BATCHES):
                batch = delete_batch(until)
                deleted += batch
                if batch < BATCH_SIZE:
                    break
        return deleted

    @retry_transaction(idempotent=True)
    def _delete_keys(self, until: datetime) -> int:
        with self._database.read() as connection:
            times = connection.execute(EXPIRED_KEYS, {"until": until, "size": BATCH_SIZE}).scalars().all()
        return self._execute(DELETE_KEYS, {"until": times[-1]}) if times else 0

    @retry_transaction(idempotent=True)
    def _delete_events(self, until: datetime) -> int:
        with self._database.read() as connection:
            ids = connection.execute(FINISHED_EVENTS, {"until": until, "size": BATCH_SIZE}).scalars().all()
        return self._execute(DELETE_EVENTS, {"ids": sorted(ids), "until": until}) if ids else 0

    def _execute(self, statement: Delete, parameters: dict[str, Any]) -> int:
        with self._database.write() as transaction:
            deleted = transaction.execute(statement, parameters).rowcount
            transaction.commit()
        return deleted
