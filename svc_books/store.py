"""The books in the database."""

import functools
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import AnyRow, Database, retry_transaction
from mesh.errors import FailedPrecondition, NotFound
from svc_books.models import APPLIED, REJECTED, Book, StockMovement
from svc_books.rules import Filters, Taking, like_pattern, those_that_fit

SHOWN = (
    Book.book_id, Book.title, Book.description, Book.isbn.label("isbn"), Book.authors, Book.publishers,
    Book.format, Book.genre, Book.price, Book.quantity, Book.url,
)  # fmt: skip
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "": (Book.book_id.asc(),),
    "title": (Book.title_key.asc(), Book.book_id.asc()),
    "-title": (Book.title_key.desc(), Book.book_id.desc()),
    "price": (Book.price.asc(), Book.book_id.asc()),
    "-price": (Book.price.desc(), Book.book_id.desc()),
    "newest": (Book.book_id.desc(),),
}

# Statements of the hot paths are built once: building costs more than SQLite takes to answer.
BY_ID = select(*SHOWN).where(Book.book_id == bindparam("id"))
BY_IDS = select(*SHOWN).where(Book.book_id.in_(bindparam("ids", expanding=True))).order_by(Book.book_id)
TAKE = (
    update(Book)
    .where(Book.book_id == bindparam("id"), Book.quantity >= bindparam("taken"))
    .values(quantity=Book.quantity - bindparam("taken"))
)
MOVE = insert(StockMovement)
GENRES = select(Book.genre, func.count().label("books")).group_by(Book.genre).order_by(Book.genre)
PRICES = select(func.min(Book.price).label("lowest"), func.max(Book.price).label("highest"))
CONDITIONS: dict[str, ColumnElement[bool]] = {
    "genre": Book.genre == bindparam("genre"),
    "min_price": Book.price >= bindparam("min_price"),
    "max_price": Book.price <= bindparam("max_price"),
    "pattern": Book.search_text.like(bindparam("pattern"), escape="\\"),
    "least": Book.quantity >= bindparam("least"),
}
STOCK = select(Book.book_id, Book.quantity).where(Book.book_id.in_(bindparam("books", expanding=True)))
LOCKED_STOCK = STOCK.order_by(Book.book_id).with_for_update()
COUNTED = select(StockMovement.order_id, StockMovement.book_id, StockMovement.quantity, StockMovement.outcome).where(
    StockMovement.order_id.in_(bindparam("orders", expanding=True))
)
ATTEMPTS = 5


class StockChangedError(Exception):
    """The stock has changed since it was looked at."""


class BookStore:
    """Reads and counts the books.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, book_id: int) -> AnyRow:
        """The book's columns.

        Raises:
            NotFound: when no book has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(BY_ID, {"id": book_id}).one_or_none()
        if row is None:
            raise NotFound("Book was not found.", "BOOK_NOT_FOUND")
        return row

    def some(self, book_ids: Sequence[int]) -> Sequence[AnyRow]:
        """The columns of those books that exist, in the order of their ids."""
        with self._database.read() as connection:
            return connection.execute(BY_IDS, {"ids": sorted(set(book_ids))}).all()

    def page(self, filters: Filters, sort: str, offset: int, limit: int) -> tuple[Sequence[AnyRow], int]:
        """One page of books, and how many there are on all pages."""
        asked = {name: value for name, value in _values(filters).items() if value is not None}
        shown, counted = _statements(frozenset(asked), sort)
        with self._database.read() as connection:
            rows = connection.execute(shown, {**asked, "limit": limit, "offset": offset}).all()
            if rows:
                return rows, rows[0].total
            return rows, connection.execute(counted, asked).scalar_one()

    def genres(self) -> tuple[Sequence[AnyRow], AnyRow]:
        """Genres with the number of books in each, and the lowest and the highest price."""
        with self._database.read() as connection:
            return connection.execute(GENRES).all(), connection.execute(PRICES).one()

    @retry_transaction
    def decrement(self, takings: Sequence[Taking]) -> list[str]:
        """Takes the copies of each order once, all in one transaction.

        It answers for each of them APPLIED, or REJECTED when too few copies are left.

        Raises:
            NotFound: when a book or an order does not exist.
            FailedPrecondition: when an order was counted before with another book or quantity.
        """
        # Others may count the same orders or take the same copies meanwhile: the next attempt sees what they did. An
        # order that does not exist, or whose id is larger than any can be, fails each time.
        for attempt in range(ATTEMPTS):
            with suppress(IntegrityError, DataError, StockChangedError):
                return self._count(takings, lock=attempt > 0)
        raise NotFound("Order not found.", "ORDER_NOT_FOUND")

    @retry_transaction
    def remove(self, book_id: int, quantity: int) -> AnyRow:
        """Takes copies without an order; answers the book as it is then.

        Raises:
            NotFound: when no book has the id.
            FailedPrecondition: when fewer copies are left.
        """
        with self._database.write() as transaction:
            taken = transaction.execute(TAKE, {"id": book_id, "taken": quantity}).rowcount
            row = transaction.execute(BY_ID, {"id": book_id}).one_or_none()
            if row is None:
                raise NotFound("Book not found.", "BOOK_NOT_FOUND")
            if not taken:
                raise FailedPrecondition("New quantity should not go below 0.", "OUT_OF_STOCK")
            transaction.commit()
        return row

    def _count(self, takings: Sequence[Taking], *, lock: bool) -> list[str]:
        """Counts those that were not; locks the books early only if need be: whoever places an order waits for them."""
        with self._database.write() as transaction:
            outcomes = _counted(transaction, takings)
            new = sorted(set(takings) - outcomes.keys())
            if new:
                stock = _stock(transaction, {taking.book_id for taking in new}, lock=lock)
                fitting = those_that_fit(new, stock)
                decided = {taking: APPLIED if taking in fitting else REJECTED for taking in new}
                transaction.execute(MOVE, [{**taking._asdict(), "outcome": decided[taking]} for taking in new])
                _take(transaction, fitting)
                outcomes |= decided
            transaction.commit()
        return [outcomes[taking] for taking in takings]


def _counted(transaction: Connection, takings: Sequence[Taking]) -> dict[Taking, str]:
    """Those that were counted before, with their outcomes."""
    by_order = {taking.order_id: taking for taking in takings}
    rows = transaction.execute(COUNTED, {"orders": list(by_order)}).all()
    outcomes = {Taking(row.order_id, row.book_id, row.quantity): str(row.outcome) for row in rows}
    by_order |= {taking.order_id: taking for taking in outcomes}
    for taking in takings:
        if taking != by_order[taking.order_id]:
            message = f"Order {taking.order_id} was already counted with another book or quantity."
            raise FailedPrecondition(message, "ORDER_COUNTED_DIFFERENTLY")
    return outcomes


def _stock(transaction: Connection, book_ids: set[int], *, lock: bool) -> dict[int, int]:
    """Copies left by book; with `lock` nobody else changes them until the transaction ends."""
    rows = transaction.execute(LOCKED_STOCK if lock else STOCK, {"books": list(book_ids)})
    stock = {row.book_id: row.quantity for row in rows}
    if book_ids - stock.keys():
        raise NotFound("Book not found.", "BOOK_NOT_FOUND")
    return stock


def _take(transaction: Connection, takings: set[Taking]) -> None:
    """Takes the copies; each transaction locks the books in the same order, so that none waits for one that waits."""
    taken: Counter[int] = Counter()
    for taking in takings:
        taken[taking.book_id] += taking.quantity
    for book_id in sorted(taken):
        if not transaction.execute(TAKE, {"id": book_id, "taken": taken[book_id]}).rowcount:
            raise StockChangedError


def _values(filters: Filters) -> dict[str, Any]:
    return {
        "genre": filters.genre,
        "min_price": filters.min_price,
        "max_price": filters.max_price,
        "pattern": None if filters.search is None else like_pattern(filters.search),
        "least": 1 if filters.in_stock else None,
    }


@functools.cache
def _statements(asked: frozenset[str], sort: str) -> tuple[Select[*tuple[Any, ...]], Select[int]]:
    """A page with the number of all books on each row, and that number alone: a page beyond the last has no row."""
    conditions = [CONDITIONS[name] for name in sorted(asked)]
    # InnoDB counts a whole table by a parallel scan that takes 9 ms to set up; a range, however wide, does not.
    counted = select(func.count()).select_from(Book).where(Book.book_id > 0, *conditions)
    page = select(*SHOWN, counted.scalar_subquery().label("total")).where(*conditions).order_by(*SORTS[sort])
    return page.limit(bindparam("limit", type_=Integer())).offset(bindparam("offset", type_=Integer())), counted
