"""Statements on idempotency keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from mesh.errors import FailedPrecondition
from svc_orders.rules import KEY_LIFETIME, RequestKey, StoredOrder
from svc_orders.store.rows import ORDER_COLUMNS, order_from_row
from svc_orders.store.tables import IdempotencyKey, Order

INSERT_KEY = insert(IdempotencyKey)
SELECT_ORDER = (
    select(*ORDER_COLUMNS, IdempotencyKey.request_sha256)
    .join(Order, Order.order_id == IdempotencyKey.order_id)
    .where(IdempotencyKey.user_id == bindparam("user"), IdempotencyKey.key == bindparam("text"))
    .where(IdempotencyKey.created_at > bindparam("after"))
)
DELETE_EXPIRED = delete(IdempotencyKey).where(
    IdempotencyKey.user_id.in_(bindparam("users", expanding=True)), IdempotencyKey.created_at <= bindparam("until")
)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The use of an idempotency key for an order."""

    key: RequestKey
    order: StoredOrder
    used_at: datetime


def find_order_by_key(connection: Connection, user_id: int, key: RequestKey, now: datetime) -> StoredOrder | None:
    """Return the order that the user placed with the key in the last 24 hours.

    Raises:
        FailedPrecondition: the key was used with another request.
    """
    parameters = {"user": user_id, "text": key.text, "after": now - KEY_LIFETIME}
    row = connection.execute(SELECT_ORDER, parameters).one_or_none()
    if row is None:
        return None
    if row.request_sha256 != key.request_sha256:
        message = "This Idempotency-Key was already used with another request."
        raise FailedPrecondition(message, "IDEMPOTENCY_KEY_REUSED")
    return order_from_row(row)


def insert_keys(transaction: Connection, uses: Sequence[KeyUse]) -> None:
    """Store the keys, and delete the expired keys of the same users, so that the table does not only grow.

    Raises:
        IntegrityError: a user has already used one of the keys.
    """
    users = sorted({use.order.user_id for use in uses})
    transaction.execute(DELETE_EXPIRED, {"users": users, "until": min(use.used_at for use in uses) - KEY_LIFETIME})
    values = [
        {
            "user_id": use.order.user_id,
            "key": use.key.text,
            "request_sha256": use.key.request_sha256,
            "order_id": use.order.order_id,
            "created_at": use.used_at,
        }
        for use in uses
    ]
    transaction.execute(INSERT_KEY, values)
