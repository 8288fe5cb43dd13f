"""Orders in the database."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Integer, bindparam, func, select, update
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import AnyRow, Database, retry_transaction
from mesh.errors import FailedPrecondition, NotFound
from svc_orders.batcher import Batcher
from svc_orders.models import IdempotencyKey, Order
from svc_orders.placing import Placing, insert_all
from svc_orders.rules import KEY_LIFETIME, PENDING, End, Key, NewOrder, StoredOrder, check_transition

SHOWN = (
    Order.order_id, Order.book_id, Order.user_id, Order.price, Order.quantity,
    Order.status, Order.title, Order.authors, Order.url, Order.order_date,
)  # fmt: skip
BY_ID = select(*SHOWN).where(Order.order_id == bindparam("id"))
BY_PENDING_KEY = select(*SHOWN).where(Order.pending_key == bindparam("pending"))
OF_USER = select(*SHOWN).where(Order.user_id == bindparam("user")).order_by(Order.order_id.desc())
COUNT_OF_USER = select(func.count()).select_from(Order).where(Order.user_id == bindparam("user"))
LIMIT, OFFSET = (bindparam(name, type_=Integer()) for name in ("limit", "offset"))
NEWEST_OF_USER = OF_USER.limit(LIMIT)
PAGE_OF_USER = OF_USER.add_columns(COUNT_OF_USER.scalar_subquery().label("total")).limit(LIMIT).offset(OFFSET)
PLACED_UNDER = (
    select(IdempotencyKey.request_sha256, *SHOWN)
    .join(Order, Order.order_id == IdempotencyKey.order_id)
    .where(IdempotencyKey.user_id == bindparam("user"), IdempotencyKey.key == bindparam("text"))
    .where(IdempotencyKey.created_at > bindparam("after"))
)
END = (
    update(Order)
    .where(Order.order_id.in_(bindparam("ids", expanding=True)), Order.status == PENDING)
    .values(status=bindparam("end"), pending_key=None)
)
STATUSES = select(Order.order_id, Order.status).where(Order.order_id.in_(bindparam("ids", expanding=True)))
AnyOrder: TypeAlias = AnyRow | StoredOrder
"""An order's columns, by their names."""


class PendingExistsError(Exception):
    """The user has a pending order for the book; it is in `order`."""

    def __init__(self, order: AnyRow) -> None:
        super().__init__()
        self.order = order


class OrderStore:
    """Reads and writes orders, each with its event.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._placed = Batcher(self._insert)

    def get(self, order_id: int) -> AnyRow:
        """The order's columns.

        Raises:
            NotFound: when no order has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(BY_ID, {"id": order_id}).one_or_none()
        if row is None:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        return row

    def newest(self, user_id: int, limit: int) -> Sequence[AnyRow]:
        """Return the newest orders of a user, at most `limit`."""
        with self._database.read() as connection:
            return connection.execute(NEWEST_OF_USER, {"user": user_id, "limit": limit}).all()

    def page(self, user_id: int, offset: int, limit: int) -> tuple[Sequence[AnyRow], int]:
        """One page of a user's orders, the newest first, and how many there are on all pages."""
        asked = {"user": user_id, "limit": limit, "offset": offset}
        with self._database.read() as connection:
            rows = connection.execute(PAGE_OF_USER, asked).all()
            if rows:
                return rows, rows[0].total
            return rows, connection.execute(COUNT_OF_USER, {"user": user_id}).scalar_one()

    def pending(self, user_id: int, book_id: int) -> AnyRow | None:
        """The user's pending order for a book."""
        with self._database.read() as connection:
            return connection.execute(BY_PENDING_KEY, {"pending": f"{user_id}:{book_id}"}).one_or_none()

    def placed_under(self, user_id: int, key: Key, now: datetime) -> AnyRow | None:
        """The order that the key placed in the last 24 hours.

        Raises:
            FailedPrecondition: when the key was sent with another request.
        """
        asked = {"user": user_id, "text": key.text, "after": now - KEY_LIFETIME}
        with self._database.read() as connection:
            row = connection.execute(PLACED_UNDER, asked).one_or_none()
        if row is not None and row.request_sha256 != key.request_sha256:
            message = "This Idempotency-Key was already used with another request."
            raise FailedPrecondition(message, "IDEMPOTENCY_KEY_REUSED")
        return row

    def place(self, order: NewOrder, key: Key | None, request_id: str, now: datetime) -> tuple[AnyOrder, bool]:
        """Stores an order with its event and its key; answers it, and whether the key had placed it before.

        Orders that are placed at the same time share a transaction. When that fails, nobody knows whose fault it is:
        each of them is then stored alone.

        Raises:
            PendingExistsError: when that user has a pending order for that book.
            NotFound: when the user or the book does not exist.
        """
        placing = Placing(order, key, request_id, now)
        if order.status == PENDING:
            with suppress(IntegrityError, DataError):
                return self._placed.ask(placing), False
        for _ in range(3):  # what stood in the way may be gone when it is looked at
            try:
                return self._insert([placing])[0], False
            except (IntegrityError, DataError):  # DataError: an id that is no user's or book's, being too large for any
                earlier = self.placed_under(order.user_id, key, now) if key else None
                if earlier is not None:
                    return earlier, True
                standing = self.pending(order.user_id, order.book_id)
                if standing is not None and order.status == PENDING:
                    raise PendingExistsError(standing) from None
        raise NotFound("User or book was not found.", "USER_OR_BOOK_NOT_FOUND")

    @retry_transaction
    def end(self, order_id: int, status: str) -> AnyRow:
        """Ends a pending order; answers it. The end state that it has already is no error.

        Raises:
            NotFound: when no order has the id.
            FailedPrecondition: when it ended otherwise.
        """
        with self._database.write() as transaction:
            ended = transaction.execute(END, {"ids": [order_id], "end": status}).rowcount
            row = transaction.execute(BY_ID, {"id": order_id}).one_or_none()
            transaction.commit()
        if row is None:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        if not ended:
            check_transition(order_id, row.status, status)
        return row

    @retry_transaction
    def end_all(self, ends: Sequence[End]) -> None:
        """Ends pending orders, all in one transaction. The end state that one has already is no error.

        Raises:
            NotFound: when no order has one of the ids.
            FailedPrecondition: when one ended otherwise.
        """
        with self._database.write() as transaction:
            ended = 0
            for status in {end.status for end in ends}:
                ids = [end.order_id for end in ends if end.status == status]
                ended += transaction.execute(END, {"ids": ids, "end": status}).rowcount
            if ended < len(ends):
                _check_ended(transaction, ends)
            transaction.commit()

    @retry_transaction
    def _insert(self, placings: Sequence[Placing]) -> list[StoredOrder]:
        with self._database.write() as transaction:
            stored = insert_all(transaction, placings)
            transaction.commit()
        return stored


def _check_ended(transaction: Connection, ends: Sequence[End]) -> None:
    rows = transaction.execute(STATUSES, {"ids": [end.order_id for end in ends]})
    current = {row.order_id: str(row.status) for row in rows}
    for end in ends:
        if end.order_id not in current:
            raise NotFound("Order not found.", "ORDER_NOT_FOUND")
        check_transition(end.order_id, current[end.order_id], end.status)
