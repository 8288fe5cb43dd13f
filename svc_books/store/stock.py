"""Takes copies from the stock."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import Database, retry_transaction
from database.transactions.locked_rows import LockedRows
from mesh.errors import FailedPrecondition, NotFound
from svc_books.rules import Book, Decrement, Outcome, decide_outcomes
from svc_books.store.statements import (
    DECREMENT_STOCK,
    INSERT_MOVEMENTS,
    LOCK_STOCK,
    SELECT_BOOK,
    SELECT_MOVEMENTS,
    SELECT_STOCK,
)

MAX_DECREMENT_ATTEMPTS = 5


class StockChangedError(Exception):
    """Another transaction has taken copies since the stock was read."""


class StockStore:
    """Takes copies from the stock, for each order once.

    Args:
        database: the database with the books.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locked_books = LockedRows()

    def decrement(self, decrements: Sequence[Decrement]) -> list[Outcome]:
        """Take the copies of each order in one transaction and return the outcomes in the same order.

        An order whose outcome is stored already gets this outcome and takes no copies.

        Raises:
            NotFound: a book or an order does not exist.
            FailedPrecondition: an order was counted with another book or quantity.
            Unavailable: another client has locked one of the books.
        """
        books = {decrement.book_id for decrement in decrements}
        if len(books) > 1:
            return self._locked_books.run_together(books, lambda: self._decrement(decrements))
        return self._locked_books.run(books.pop(), lambda: self._decrement(decrements))

    def remove(self, book_id: int, copies: int) -> Book:
        """Take copies without an order and return the book with its new quantity.

        Raises:
            NotFound: no book has the id.
            FailedPrecondition: fewer copies are left.
            Unavailable: another client has locked the book.
        """
        return self._locked_books.run(book_id, lambda: self._remove(book_id, copies))

    @retry_transaction(idempotent=True, wait_for_locks=False)
    def _decrement(self, decrements: Sequence[Decrement]) -> list[Outcome]:
        # Another transaction may count the same orders or take the same copies meanwhile; the next attempt sees its
        # result. An order that does not exist, or whose id is too large for its column, fails in every attempt.
        for attempt in range(MAX_DECREMENT_ATTEMPTS):
            with suppress(IntegrityError, DataError, StockChangedError):
                return self._try_decrement(decrements, lock=attempt > 0)
        raise NotFound("Order not found.", "ORDER_NOT_FOUND")

    @retry_transaction(wait_for_locks=False)
    def _remove(self, book_id: int, copies: int) -> Book:
        with self._database.write() as transaction:
            changed_rows = transaction.execute(DECREMENT_STOCK, {"id": book_id, "copies": copies}).rowcount
            row = transaction.execute(SELECT_BOOK, {"id": book_id}).one_or_none()
            if row is None:
                raise NotFound("Book not found.", "BOOK_NOT_FOUND")
            if not changed_rows:
                raise FailedPrecondition("New quantity should not go below 0.", "OUT_OF_STOCK")
            transaction.commit()
        return Book(*row)

    def _try_decrement(self, decrements: Sequence[Decrement], *, lock: bool) -> list[Outcome]:
        """Count the orders that have no outcome yet.

        Args:
            decrements: the decrements of all orders.
            lock: whether to lock the books before their stock is read. Without it they are locked as late as possible,
                because every order that is being placed for one of them waits for the lock.
        """
        with self._database.write() as transaction:
            outcomes = _stored_outcomes(transaction, decrements)
            new = sorted(set(decrements) - outcomes.keys())
            if new:
                stock = _read_stock(transaction, {decrement.book_id for decrement in new}, lock=lock)
                decided = decide_outcomes(new, stock)
                _insert_movements(transaction, decided)
                _take_copies(transaction, decided)
                outcomes |= decided
            transaction.commit()
        return [outcomes[decrement] for decrement in decrements]


def _stored_outcomes(transaction: Connection, decrements: Sequence[Decrement]) -> dict[Decrement, Outcome]:
    """Return the outcomes that are stored already.

    Raises:
        FailedPrecondition: an order was counted, or is requested twice, with another book or quantity.
    """
    by_order = {decrement.order_id: decrement for decrement in decrements}
    rows = transaction.execute(SELECT_MOVEMENTS, {"order_ids": list(by_order)}).all()
    outcomes = {Decrement(*row[:-1]): Outcome(row[-1]) for row in rows}
    by_order |= {decrement.order_id: decrement for decrement in outcomes}
    for decrement in decrements:
        if decrement != by_order[decrement.order_id]:
            message = f"Order {decrement.order_id} was already counted with another book or quantity."
            raise FailedPrecondition(message, "ORDER_COUNTED_DIFFERENTLY")
    return outcomes


def _read_stock(transaction: Connection, book_ids: set[int], *, lock: bool) -> dict[int, int]:
    """Return the copies left by book id; `lock` keeps other transactions from changing them before this one ends.

    Raises:
        NotFound: a book does not exist.
    """
    rows = transaction.execute(LOCK_STOCK if lock else SELECT_STOCK, {"ids": list(book_ids)})
    stock = {row.book_id: row.quantity for row in rows}
    if book_ids - stock.keys():
        raise NotFound("Book not found.", "BOOK_NOT_FOUND")
    return stock


def _insert_movements(transaction: Connection, outcomes: Mapping[Decrement, Outcome]) -> None:
    values = [{**decrement._asdict(), "outcome": outcome.value} for decrement, outcome in outcomes.items()]
    transaction.execute(INSERT_MOVEMENTS, values)


def _take_copies(transaction: Connection, outcomes: Mapping[Decrement, Outcome]) -> None:
    """Take the copies of the applied decrements.

    Raises:
        StockChangedError: fewer copies of a book are left than when its stock was read.
    """
    copies_by_book = _count_copies(decrement for decrement, outcome in outcomes.items() if outcome is Outcome.APPLIED)
    # Every transaction locks the books in the same order, so that no two wait for each other.
    for book_id, copies in sorted(copies_by_book.items()):
        if not transaction.execute(DECREMENT_STOCK, {"id": book_id, "copies": copies}).rowcount:
            raise StockChangedError


def _count_copies(decrements: Iterable[Decrement]) -> Counter[int]:
    copies_by_book: Counter[int] = Counter()
    for decrement in decrements:
        copies_by_book[decrement.book_id] += decrement.quantity
    return copies_by_book
