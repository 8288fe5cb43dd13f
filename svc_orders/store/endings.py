"""Ends pending orders."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from mesh.errors import NotFound
from registry.order_statuses import FAILED, PENDING
from svc_orders.rules import StatusChange, check_transition
from svc_orders.store.event_states import WAITING_AGAIN
from svc_orders.store.tables import Order, OutboxEvent, PendingReturn

UPDATE_PENDING = (
    update(Order)
    .where(Order.order_id.in_(bindparam("ids", expanding=True)), Order.status == PENDING)
    .values(status=bindparam("new_status"), pending_key=None)
)
STATUSES = select(Order.order_id, Order.status).where(Order.order_id.in_(bindparam("ids", expanding=True)))
INSERT_RETURN = insert(PendingReturn)
DELETE_RETURNS = delete(PendingReturn).where(PendingReturn.order_id.in_(bindparam("ids", expanding=True)))
REOPEN_EVENT = (
    update(OutboxEvent)
    .where(OutboxEvent.order_id == bindparam("id"))
    .values(**WAITING_AGAIN, resent=OutboxEvent.resent + 1)
)


def end_orders(transaction: Connection, changes: Sequence[StatusChange], now: datetime) -> None:
    """End pending orders. An order that already has the status stays as it is.

    Raises:
        NotFound: no order has one of the ids.
        FailedPrecondition: an order ended with another status.
    """
    changed = 0
    for status in {change.status for change in changes if not _may_have_copies(change)}:
        ids = [change.order_id for change in changes if change.status == status and not _may_have_copies(change)]
        changed += transaction.execute(UPDATE_PENDING, {"ids": ids, "new_status": status}).rowcount
    changed += sum(_end_and_reopen(transaction, change, now) for change in changes if _may_have_copies(change))
    if changed < len(changes):
        _check_transitions(transaction, changes)
        returned = [change.order_id for change in changes if change.status == FAILED and change.stock_settled]
        if returned:
            transaction.execute(DELETE_RETURNS, {"ids": returned})


def _may_have_copies(change: StatusChange) -> bool:
    return change.status == FAILED and not change.stock_settled


def _end_and_reopen(transaction: Connection, change: StatusChange, now: datetime) -> bool:
    """End an order that may have copies, and let the worker get its event again; return whether it was pending."""
    parameters = {"ids": [change.order_id], "new_status": change.status}
    if not transaction.execute(UPDATE_PENDING, parameters).rowcount:
        return False
    transaction.execute(INSERT_RETURN, {"order_id": change.order_id})
    transaction.execute(REOPEN_EVENT, {"id": change.order_id, "now": now})
    return True


def _check_transitions(transaction: Connection, changes: Sequence[StatusChange]) -> None:
    rows = transaction.execute(STATUSES, {"ids": [change.order_id for change in changes]})
    current = {row.order_id: str(row.status) for row in rows}
    for change in changes:
        if change.order_id not in current:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        check_transition(change.order_id, current[change.order_id], change.status)
