"""The SQL statements of the books service.

They are built once, because building a statement costs more than SQLite needs to execute it.
"""

import functools
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, insert, select, update

from svc_books.rules import LIKE_ESCAPE, Book, BookSort, Outcome
from svc_books.store.tables import BookRow, StockMovementRow

BOOK_COLUMNS = tuple(getattr(BookRow, field.name) for field in fields(Book))
"""The columns of a book, in the order of the fields of `Book`: `Book(*row)` converts a row."""

SELECT_BOOK = select(*BOOK_COLUMNS).where(BookRow.book_id == bindparam("id"))
SELECT_BOOKS = (
    select(*BOOK_COLUMNS).where(BookRow.book_id.in_(bindparam("ids", expanding=True))).order_by(BookRow.book_id)
)
SELECT_GENRES = select(BookRow.genre, func.count()).group_by(BookRow.genre).order_by(BookRow.genre)
SELECT_PRICE_RANGE = select(func.min(BookRow.price), func.max(BookRow.price))

SELECT_STOCK = select(BookRow.book_id, BookRow.quantity).where(BookRow.book_id.in_(bindparam("ids", expanding=True)))
LOCK_STOCK = SELECT_STOCK.order_by(BookRow.book_id).with_for_update()
DECREMENT_STOCK = (
    update(BookRow)
    .where(BookRow.book_id == bindparam("id"), BookRow.quantity >= bindparam("copies"))
    .values(quantity=BookRow.quantity - bindparam("copies"))
)
SELECT_MOVEMENTS = select(
    StockMovementRow.order_id, StockMovementRow.book_id, StockMovementRow.quantity, StockMovementRow.outcome
).where(StockMovementRow.order_id.in_(bindparam("order_ids", expanding=True)))
INSERT_MOVEMENTS = insert(StockMovementRow)
LOCK_MOVEMENTS = SELECT_MOVEMENTS.order_by(StockMovementRow.order_id).with_for_update()
UPDATE_RETURNED = (
    update(StockMovementRow)
    .where(StockMovementRow.order_id.in_(bindparam("order_ids", expanding=True)))
    .values(outcome=Outcome.RETURNED.value)
)
INCREMENT_STOCK = (
    update(BookRow).where(BookRow.book_id == bindparam("id")).values(quantity=BookRow.quantity + bindparam("copies"))
)

CONDITIONS: dict[str, ColumnElement[bool]] = {
    "genre": BookRow.genre == bindparam("genre"),
    "min_price": BookRow.price >= bindparam("min_price"),
    "max_price": BookRow.price <= bindparam("max_price"),
    "pattern": BookRow.search_text.like(bindparam("pattern"), escape=LIKE_ESCAPE),
    "min_quantity": BookRow.quantity >= bindparam("min_quantity"),
}
"""The conditions of a list by the name of their parameter."""
ORDERINGS: dict[BookSort, tuple[ColumnElement[Any], ...]] = {
    BookSort.ID: (BookRow.book_id.asc(),),
    BookSort.TITLE: (BookRow.title_key.asc(), BookRow.book_id.asc()),
    BookSort.TITLE_DESC: (BookRow.title_key.desc(), BookRow.book_id.desc()),
    BookSort.PRICE: (BookRow.price.asc(), BookRow.book_id.asc()),
    BookSort.PRICE_DESC: (BookRow.price.desc(), BookRow.book_id.desc()),
    BookSort.NEWEST: (BookRow.book_id.desc(),),
}


@functools.cache  # bounded: 32 sets of conditions and 6 orders
def list_statements(conditions: frozenset[str], sort: BookSort) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[int]]]:
    """Return a statement for one page and one for the number of books on all pages.

    The rows of a page contain that number in their last column, so that the second statement is only needed for a
    page beyond the last one, which has no rows.
    """
    where = [CONDITIONS[name] for name in sorted(conditions)]
    # InnoDB counts a whole table by a parallel scan that takes 9 ms to set up; it counts any range without one.
    count = select(func.count()).select_from(BookRow).where(BookRow.book_id > 0, *where)
    page = select(*BOOK_COLUMNS, count.scalar_subquery()).where(*where).order_by(*ORDERINGS[sort])
    return page.limit(bindparam("limit", type_=Integer())).offset(bindparam("offset", type_=Integer())), count
