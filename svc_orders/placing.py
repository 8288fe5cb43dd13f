"""Orders on their way into the database, each with its event and its buyer's key."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from registry.order_messages import format_order_message
from svc_orders.models import IdempotencyKey, Order, OutboxEvent
from svc_orders.rules import KEY_LIFETIME, PENDING, Key, NewOrder, StoredOrder

INSERT, INSERT_EVENT, INSERT_KEY = insert(Order), insert(OutboxEvent), insert(IdempotencyKey)
INSERTED = select(Order.pending_key, Order.order_id).where(Order.pending_key.in_(bindparam("keys", expanding=True)))
FORGET = delete(IdempotencyKey).where(
    IdempotencyKey.user_id.in_(bindparam("users", expanding=True)), IdempotencyKey.created_at <= bindparam("until")
)


@dataclass(frozen=True)
class Placing:
    """An order that is about to be stored, and what goes with it.

    Args:
        order: the order.
        key: the buyer's idempotency key, if there is one.
        request_id: the request that asked for it.
        now: when.
    """

    order: NewOrder
    key: Key | None
    request_id: str
    now: datetime


def insert_all(transaction: Connection, placings: Sequence[Placing]) -> list[StoredOrder]:
    """Stores orders, and answers them as they are stored. One that has ended comes alone.

    Raises:
        IntegrityError: when a user or a book does not exist, an order is pending already, or a key was used.
        DataError: when an id is larger than any can be.
    """
    stored = _insert_orders(transaction, placings)
    pairs = list(zip(stored, placings, strict=True))
    events = [_event(order, placing) for order, placing in pairs if order.status == PENDING]
    if events:
        transaction.execute(INSERT_EVENT, events)
    keyed = [(order, placing.key, placing.now) for order, placing in pairs if placing.key]
    if keyed:
        _insert_keys(transaction, keyed)
    return stored


def _insert_orders(transaction: Connection, placings: Sequence[Placing]) -> list[StoredOrder]:
    rows = [{**vars(p.order), "order_date": p.now, "pending_key": p.order.pending_key()} for p in placings]
    if len(rows) == 1:
        ids = list(transaction.execute(INSERT, rows[0]).inserted_primary_key or ())
    else:
        # All transactions lock the books in the same order, so that none waits for one that waits.
        transaction.execute(INSERT, sorted(rows, key=lambda row: row["book_id"]))
        keys = [row["pending_key"] for row in rows]
        by_key = {row.pending_key: row.order_id for row in transaction.execute(INSERTED, {"keys": keys})}
        ids = [by_key[key] for key in keys]
    return [
        StoredOrder(**vars(placing.order), order_id=order_id, order_date=placing.now)
        for placing, order_id in zip(placings, ids, strict=True)
    ]


def _insert_keys(transaction: Connection, placed: Sequence[tuple[StoredOrder, Key, datetime]]) -> None:
    users = sorted({order.user_id for order, _, _ in placed})
    transaction.execute(FORGET, {"users": users, "until": min(now for _, _, now in placed) - KEY_LIFETIME})
    values = [
        {
            "user_id": order.user_id,
            "key": key.text,
            "request_sha256": key.request_sha256,
            "order_id": order.order_id,
            "created_at": now,
        }
        for order, key, now in placed
    ]
    transaction.execute(INSERT_KEY, values)


def _event(order: StoredOrder, placing: Placing) -> dict[str, object]:
    return {
        "event_id": str(uuid.uuid4()),
        "order_id": order.order_id,
        "payload": format_order_message(order),
        "request_id": placing.request_id,
        "attempts": 0,
        "lease_until": placing.now,
    }
