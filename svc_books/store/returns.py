"""Puts the copies of orders that ended without a purchase back into the stock."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from database.engine import Database, retry_transaction
from database.transactions.locked_rows import LockedRows
from mesh.errors import NotFound
from svc_books.rules import Decrement, Outcome
from svc_books.store.statements import INCREMENT_STOCK, INSERT_MOVEMENTS, LOCK_MOVEMENTS, UPDATE_RETURNED

MAX_RETURN_ATTEMPTS = 5


class ReturnStore:
    """Reverses the movements of orders, each once.

    Args:
        database: the database with the books.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locked_books = LockedRows()

    def give_back(self, decrements: Sequence[Decrement]) -> list[Outcome]:
        """Put back the copies of each order in one transaction and return the outcomes in the same order.

        The stored movement decides how many copies of which book are put back. An order without a movement gets one
        that has taken nothing, so that a decrement that arrives later takes nothing either.

        Raises:
            NotFound: an order does not exist.
            Unavailable: another client has locked one of the books.
        """
        books = {decrement.book_id for decrement in decrements}
        if len(books) > 1:
            return self._locked_books.run_together(books, lambda: self._give_back(decrements))
        return self._locked_books.run(books.pop(), lambda: self._give_back(decrements))

    @retry_transaction(idempotent=True, wait_for_locks=False)
    def _give_back(self, decrements: Sequence[Decrement]) -> list[Outcome]:
        # Another transaction may count the same orders meanwhile; the next attempt sees its movements. An order that
        # does not exist, or whose id is too large for its column, fails in every attempt.
        for _ in range(MAX_RETURN_ATTEMPTS):
            with suppress(IntegrityError, DataError):
                return self._try_to_give_back(decrements)
        raise NotFound("Order not found.", "ORDER_NOT_FOUND")

    def _try_to_give_back(self, decrements: Sequence[Decrement]) -> list[Outcome]:
        """Lock the movements, then the books, in the same sequence as `StockStore.decrement`."""
        by_order = {decrement.order_id: decrement for decrement in decrements}
        with self._database.write() as transaction:
            rows = transaction.execute(LOCK_MOVEMENTS, {"order_ids": list(by_order)}).all()
            stored = {row.order_id: (Decrement(*row[:-1]), Outcome(row.outcome)) for row in rows}
            _insert_returned(transaction, [by_order[order_id] for order_id in sorted(by_order.keys() - stored.keys())])
            _put_back(transaction, [taken for taken, outcome in stored.values() if outcome is Outcome.APPLIED])
            transaction.commit()
        rejected = {order_id for order_id, (_, outcome) in stored.items() if outcome is Outcome.REJECTED}
        return [Outcome.REJECTED if each.order_id in rejected else Outcome.RETURNED for each in decrements]


def _insert_returned(transaction: Connection, decrements: Sequence[Decrement]) -> None:
    if decrements:
        values = [{**decrement._asdict(), "outcome": Outcome.RETURNED.value} for decrement in decrements]
        transaction.execute(INSERT_MOVEMENTS, values)


def _put_back(transaction: Connection, taken: Sequence[Decrement]) -> None:
    if not taken:
        return
    transaction.execute(UPDATE_RETURNED, {"order_ids": [decrement.order_id for decrement in taken]})
    copies_by_book: Counter[int] = Counter()
    for decrement in taken:
        copies_by_book[decrement.book_id] += decrement.quantity
    for book_id, copies in sorted(copies_by_book.items()):
        transaction.execute(INCREMENT_STOCK, {"id": book_id, "copies": copies})
