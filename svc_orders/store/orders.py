"""Reads and writes orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import Database, retry_transaction
from database.transactions.locked_rows import LockedRows
from mesh.errors import NotFound
from svc_orders.rules import OrderState, RequestKey, StatusChange, StoredOrder, is_pending, pending_key
from svc_orders.store.endings import end_orders
from svc_orders.store.idempotency_keys import find_order_by_key
from svc_orders.store.inserts import OrderInsert, insert_orders
from svc_orders.store.rows import ORDER_COLUMNS, order_from_row
from svc_orders.store.tables import Order, OutboxEvent

MAX_PLACE_ATTEMPTS = 3
BY_ID = select(*ORDER_COLUMNS).where(Order.order_id == bindparam("id"))
BY_EVENT = (
    select(*ORDER_COLUMNS)
    .join(OutboxEvent, OutboxEvent.order_id == Order.order_id)
    .where(OutboxEvent.event_id == bindparam("event"))
)
BY_PENDING_KEY = select(*ORDER_COLUMNS).where(Order.pending_key == bindparam("pending"))
OF_USER = select(*ORDER_COLUMNS).where(Order.user_id == bindparam("user")).order_by(Order.order_id.desc())
COUNT_OF_USER = select(func.count()).select_from(Order).where(Order.user_id == bindparam("user"))
LIMIT, OFFSET = (bindparam(name, type_=Integer()) for name in ("limit", "offset"))
NEWEST_OF_USER = OF_USER.limit(LIMIT)
PAGE_OF_USER = OF_USER.add_columns(COUNT_OF_USER.scalar_subquery().label("total")).limit(LIMIT).offset(OFFSET)
STATES = (
    select(Order.order_id, Order.book_id, Order.quantity, Order.status)
    .where(Order.order_id.in_(bindparam("ids", expanding=True)))
    .order_by(Order.order_id)
)


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
        self._locked_books = LockedRows()
        self._locked_orders = LockedRows()

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

    def get_states(self, order_ids: Iterable[int]) -> list[OrderState]:
        """Return the states of the orders with these ids, sorted by id. Ids without an order are left out."""
        with self._database.read() as connection:
            return [OrderState(*row) for row in connection.execute(STATES, {"ids": sorted(set(order_ids))})]

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

    def is_book_locked(self, book_id: int) -> bool:
        """Return whether another client keeps the book's row locked, as far as known."""
        return self._locked_books.is_locked(book_id)

    def place(self, insert: OrderInsert) -> Placement:
        """Store an order with its event and its key in a transaction of its own, unless the key has placed it already.

        Raises:
            PendingOrderError: the user has a pending order for the book.
            NotFound: the user or the book does not exist.
            Unavailable: another client has locked the book.
        """
        order, key = insert.order, insert.key
        for _ in range(MAX_PLACE_ATTEMPTS):  # a conflicting order may have ended before it is read
            try:
                return Placement(self._insert_alone(insert), replayed=False)
            except (IntegrityError, DataError):  # DataError: the id of a user or book exceeds its column
                stored = self._find_by_event(insert.event_id)
                if stored is not None:  # an earlier attempt has stored it, and lost its connection at COMMIT
                    return Placement(stored, replayed=False)
                earlier = self.find_by_key(order.user_id, key, insert.now) if key else None
                if earlier is not None:
                    return Placement(earlier, replayed=True)
                pending = self.find_pending(order.user_id, order.book_id)
                if pending is not None and is_pending(order):
                    raise PendingOrderError(pending) from None
        raise NotFound("User or book was not found.", "USER_OR_BOOK_NOT_FOUND")

    @retry_transaction(idempotent=True, wait_for_locks=False)
    def insert_pending(self, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
        """Store pending orders in one transaction, all or none, and return them in the same order.

        Raises:
            IntegrityError: a user or a book does not exist, an order is pending already, or a key was used.
            DataError: an id is larger than its column allows.
            LockWaitError: another client has locked one of the books.
        """
        return self._insert(inserts)  # the id of its event keeps each of them from being stored twice

    def set_status(self, change: StatusChange, now: datetime) -> StoredOrder:
        """End a pending order and return it. An order that already has the status stays as it is.

        Raises:
            NotFound: no order has the id.
            FailedPrecondition: the order ended with another status.
            Unavailable: another client has locked the order.
        """
        return self._locked_orders.run(change.order_id, lambda: self._set_status(change, now))

    def set_statuses(self, changes: Sequence[StatusChange], now: datetime) -> None:
        """End pending orders, all or none. An order that already has the status stays as it is.

        Raises:
            NotFound: no order has one of the ids.
            FailedPrecondition: an order ended with another status.
            Unavailable: another client has locked one of the orders.
        """
        order_ids = {change.order_id for change in changes}
        self._locked_orders.run_together(order_ids, lambda: self._set_statuses(changes, now))

    @retry_transaction(idempotent=True, wait_for_locks=False)
    def _set_status(self, change: StatusChange, now: datetime) -> StoredOrder:
        with self._database.write() as transaction:
            end_orders(transaction, [change], now)
            row = transaction.execute(BY_ID, {"id": change.order_id}).one()
            transaction.commit()
        return order_from_row(row)

    @retry_transaction(idempotent=True, wait_for_locks=False)
    def _set_statuses(self, changes: Sequence[StatusChange], now: datetime) -> None:
        with self._database.write() as transaction:
            end_orders(transaction, changes, now)
            transaction.commit()

    def _find_by_event(self, event_id: str) -> StoredOrder | None:
        with self._database.read() as connection:
            row = connection.execute(BY_EVENT, {"event": event_id}).one_or_none()
        return None if row is None else order_from_row(row)

    def _insert_alone(self, insert: OrderInsert) -> StoredOrder:
        insert_one = self.insert_pending if is_pending(insert.order) else self._insert_ended
        return self._locked_books.run(insert.order.book_id, lambda: insert_one([insert])[0])

    @retry_transaction(wait_for_locks=False)
    def _insert_ended(self, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
        return self._insert(inserts)

    def _insert(self, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
        with self._database.write() as transaction:
            orders = insert_orders(transaction, inserts)
            transaction.commit()
        return orders
