"""Reads and writes orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, func, select, update
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import Database, retry_transaction
from mesh.errors import NotFound
from registry.order_statuses import PENDING
from svc_orders.rules import (
    NewOrder,
    RequestKey,
    StatusChange,
    StoredOrder,
    check_transition,
    is_pending,
    pending_key,
)  # fmt: skip
from svc_orders.store.idempotency_keys import find_order_by_key
from svc_orders.store.inserts import OrderInsert, insert_orders
from svc_orders.store.rows import ORDER_COLUMNS, order_from_row
from svc_orders.store.tables import Order

MAX_PLACE_ATTEMPTS = 3
BY_ID = select(*ORDER_COLUMNS).where(Order.order_id == bindparam("id"))
BY_PENDING_KEY = select(*ORDER_COLUMNS).where(Order.pending_key == bindparam("pending"))
OF_USER = select(*ORDER_COLUMNS).where(Order.user_id == bindparam("user")).order_by(Order.order_id.desc())
COUNT_OF_USER = select(func.count()).select_from(Order).where(Order.user_id == bindparam("user"))
LIMIT, OFFSET = (bindparam(name, type_=Integer()) for name in ("limit", "offset"))
NEWEST_OF_USER = OF_USER.limit(LIMIT)
PAGE_OF_USER = OF_USER.add_columns(COUNT_OF_USER.scalar_subquery().label("total")).limit(LIMIT).offset(OFFSET)
UPDATE_PENDING = (
    update(Order)
    .where(Order.order_id.in_(bindparam("ids", expanding=True)), Order.status == PENDING)
    .values(status=bindparam("new_status"), pending_key=None)
)
STATUSES = select(Order.order_id, Order.status).where(Order.order_id.in_(bindparam("ids", expanding=True)))


class PendingOrderError(Exception):
    """The user has a pending order for the book.

    Args:
        order: the pending order.
    """

    def __init__(self, order: StoredOrder) -> None:
        super().__init__()
        self.order = order


@dataclass(frozen=True, slots=True)
class Placement:
    """The result of placing an order.

    Args:
        order: the order.
        replayed: whether an earlier request with the same idempotency key placed it.
    """

    order: StoredOrder
    replayed: bool


class OrderStore:
    """Reads orders, and writes them together with their events.

    Args:
        database: where the orders are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, order_id: int) -> StoredOrder:
        """Return the order with this id.

        Raises:
            NotFound: no order has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(BY_ID, {"id": order_id}).one_or_none()
        if row is None:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        return order_from_row(row)

    def list_newest(self, user_id: int, limit: int) -> list[StoredOrder]:
        """Return the newest orders of a user, at most `limit`."""
        with self._database.read() as connection:
            rows = connection.execute(NEWEST_OF_USER, {"user": user_id, "limit": limit})
            return [order_from_row(row) for row in rows]

    def list_page(self, user_id: int, offset: int, limit: int) -> tuple[list[StoredOrder], int]:
        """Return a page of a user's orders, the newest first, and the number of orders on all pages."""
        parameters = {"user": user_id, "limit": limit, "offset": offset}
        with self._database.read() as connection:
            rows = connection.execute(PAGE_OF_USER, parameters).all()
            if rows:
                return [order_from_row(row) for row in rows], rows[0].total
            return [], connection.execute(COUNT_OF_USER, {"user": user_id}).scalar_one()

    def find_pending(self, user_id: int, book_id: int) -> StoredOrder | None:
        """Return the user's pending order for a book, if there is one."""
        with self._database.read() as connection:
            row = connection.execute(BY_PENDING_KEY, {"pending": pending_key(user_id, book_id)}).one_or_none()
        return None if row is None else order_from_row(row)

    def find_by_key(self, user_id: int, key: RequestKey, now: datetime) -> StoredOrder | None:
        """Return the order that the user placed with the key in the last 24 hours, if there is one.

        Raises:
            FailedPrecondition: the key was used with another request.
        """
        with self._database.read() as connection:
            return find_order_by_key(connection, user_id, key, now)

    def place(self, order: NewOrder, key: RequestKey | None, request_id: str, now: datetime) -> Placement:
        """Store an order with its event and its key in a transaction of its own, unless the key has placed it already.

        Raises:
            PendingOrderError: the user has a pending order for the book.
            NotFound: the user or the book does not exist.
        """
        insert = OrderInsert(order, key, request_id, now)
        for _ in range(MAX_PLACE_ATTEMPTS):  # a conflicting order may have ended before it is read
            try:
                return Placement(self.insert([insert])[0], replayed=False)
            except (IntegrityError, DataError):  # DataError: the id of a user or book exceeds its column
                earlier = self.find_by_key(order.user_id, key, now) if key else None
                if earlier is not None:
                    return Placement(earlier, replayed=True)
                pending = self.find_pending(order.user_id, order.book_id)
                if pending is not None and is_pending(order):
                    raise PendingOrderError(pending) from None
        raise NotFound("User or book was not found.", "USER_OR_BOOK_NOT_FOUND")

    @retry_transaction
    def set_status(self, order_id: int, status: str) -> StoredOrder:
        """End a pending order and return it. An order that already has the status stays as it is.

        Raises:
            NotFound: no order has the id.
            FailedPrecondition: the order ended with another status.
        """
        with self._database.write() as transaction:
            changed = transaction.execute(UPDATE_PENDING, {"ids": [order_id], "new_status": status}).rowcount
            row = transaction.execute(BY_ID, {"id": order_id}).one_or_none()
            transaction.commit()
        if row is None:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        if not changed:
            check_transition(order_id, row.status, status)
        return order_from_row(row)

    @retry_transaction
    def set_statuses(self, changes: Sequence[StatusChange]) -> None:
        """End pending orders, all or none. An order that already has the status stays as it is.

        Raises:
            NotFound: no order has one of the ids.
            FailedPrecondition: an order ended with another status.
        """
        with self._database.write() as transaction:
            changed = 0
            for status in {change.status for change in changes}:
                ids = [change.order_id for change in changes if change.status == status]
                changed += transaction.execute(UPDATE_PENDING, {"ids": ids, "new_status": status}).rowcount
            if changed < len(changes):
                _check_transitions(transaction, changes)
            transaction.commit()

    @retry_transaction
    def insert(self, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
        """Store orders in one transaction, all or none, and return them in the same order.

        Raises:
            IntegrityError: a user or a book does not exist, an order is pending already, or a key was used.
            DataError: an id is larger than its column allows.
        """
        with self._database.write() as transaction:
            orders = insert_orders(transaction, inserts)
            transaction.commit()
        return orders


def _check_transitions(transaction: Connection, changes: Sequence[StatusChange]) -> None:
    rows = transaction.execute(STATUSES, {"ids": [change.order_id for change in changes]})
    current = {row.order_id: str(row.status) for row in rows}
    for change in changes:
        if change.order_id not in current:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        check_transition(change.order_id, current[change.order_id], change.status)
