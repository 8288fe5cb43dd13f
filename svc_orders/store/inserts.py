"""Inserts orders, each with its event and its idempotency key."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from registry.order_messages import format_order_message
from svc_orders.rules import NewOrder, RequestKey, StoredOrder, is_pending, pending_key
from svc_orders.store.idempotency_keys import KeyUse, insert_keys
from svc_orders.store.tables import Order, OutboxEvent

INSERT_ORDER, INSERT_EVENT = insert(Order), insert(OutboxEvent)
INSERTED_IDS = select(Order.pending_key, Order.order_id).where(Order.pending_key.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True, slots=True)
class OrderInsert:
    """An order to insert, and what is stored with it.

    Args:
        order: the order.
        key: the user's idempotency key, if there is one.
        request_id: id of the request that places the order.
        now: the time of the order.
        event_id: id of the order's event; it identifies the order before it has an id.
    """

    order: NewOrder
    key: RequestKey | None
    request_id: str
    now: datetime
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def insert_orders(transaction: Connection, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
    """Insert orders and return them in the same order. An order that is not pending must be inserted alone.

    Raises:
        IntegrityError: a user or a book does not exist, an order is pending already, or a key was used.
        DataError: an id is larger than its column allows.
    """
    orders = _insert_order_rows(transaction, inserts)
    pairs = list(zip(orders, inserts, strict=True))
    events = [_event_values(order, each) for order, each in pairs if is_pending(order)]
    if events:
        transaction.execute(INSERT_EVENT, events)
    key_uses = [KeyUse(each.key, order, each.now) for order, each in pairs if each.key]
    if key_uses:
        insert_keys(transaction, key_uses)
    return orders


def _insert_order_rows(transaction: Connection, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
    rows = [_order_values(each.order, each.now) for each in inserts]
    if len(rows) == 1:
        ids = list(transaction.execute(INSERT_ORDER, rows[0]).inserted_primary_key or ())
    else:
        # Every transaction locks the books in the same sequence, so that no two wait for each other.
        transaction.execute(INSERT_ORDER, sorted(rows, key=lambda row: row["book_id"]))
        keys = [row["pending_key"] for row in rows]
        by_key = {row.pending_key: row.order_id for row in transaction.execute(INSERTED_IDS, {"keys": keys})}
        ids = [by_key[key] for key in keys]
    return [each.order.stored(order_id, each.now) for each, order_id in zip(inserts, ids, strict=True)]


def _order_values(order: NewOrder, now: datetime) -> dict[str, Any]:
    return {
        "book_id": order.book_id,
        "user_id": order.user_id,
        "price": order.price,
        "quantity": order.quantity,
        "status": order.status,
        "title": order.title,
        "authors": order.authors,
        "url": order.url,
        "order_date": now,
        "pending_key": pending_key(order.user_id, order.book_id) if is_pending(order) else None,
    }


def _event_values(order: StoredOrder, insert: OrderInsert) -> dict[str, Any]:
    return {
        "event_id": insert.event_id,
        "order_id": order.order_id,
        "payload": format_order_message(order),
        "request_id": insert.request_id,
        "attempts": 0,
        "lease_until": insert.now,
    }
