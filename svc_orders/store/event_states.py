"""The states of an event, for the statements of this package."""

from typing import Any

from sqlalchemy import bindparam

from svc_orders.store.tables import OutboxEvent

UNSETTLED = OutboxEvent.published_at.is_(None), OutboxEvent.dead_reason.is_(None)
"""The conditions of an event that a consumer still has to settle."""
WAITING_AGAIN: dict[str, Any] = {
    "published_at": None,
    "dead_reason": None,
    "dead_at": None,
    "lease_token": None,
    "lease_until": bindparam("now"),
    "leased_at": bindparam("now"),
}
"""The values that let a settled event wait for a consumer again."""
