"""The copies of an order that ended without a purchase return to the stock exactly once."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count
from mesh.errors import NotFound
from svc_books.rules import Decrement, Outcome
from svc_books.store.books import BookStore
from svc_books.store.returns import ReturnStore
from svc_books.store.stock import StockStore

APPLIED, REJECTED, RETURNED = Outcome.APPLIED, Outcome.REJECTED, Outcome.RETURNED
COPIES = 5


@pytest.fixture
def book(any_database: Database) -> int:
    """Return a book with five copies."""
    return add_book(any_database, quantity=COPIES)


def add_orders(database: Database, book: int, number: int) -> list[int]:
    """Add orders of one user for the book and return their ids."""
    user = add_user(database)
    return [add_order(database, user, book, "failed") for _ in range(number)]


def copies_left(database: Database, book: int) -> int:
    """Return the stock of a book."""
    return BookStore(database).get(book).quantity


def sold(database: Database, book: int) -> int:
    """Return the copies of the book that the ledger counts as sold."""
    statement = text("SELECT coalesce(sum(quantity), 0) FROM StockMovements WHERE outcome = 'applied' AND book_id = :b")
    with database.read() as connection:
        return int(connection.execute(statement, {"b": book}).scalar_one())


def test_copies_return_once(any_database: Database, book: int) -> None:
    """A repeated call has the same outcome and changes nothing; the order takes no copies again."""
    (order,) = add_orders(any_database, book, 1)
    movement = [Decrement(order, book, 2)]
    stock, returns = StockStore(any_database), ReturnStore(any_database)
    assert stock.decrement(movement) == [APPLIED]
    assert [returns.give_back(movement) for _ in range(3)] == [[RETURNED]] * 3
    assert (copies_left(any_database, book), sold(any_database, book)) == (COPIES, 0)
    assert stock.decrement(movement) == [RETURNED]
    assert (copies_left(any_database, book), sold(any_database, book)) == (COPIES, 0)


def test_an_order_that_was_returned_first_takes_no_copies(any_database: Database, book: int) -> None:
    """A decrement that arrives late finds the return."""
    (order,) = add_orders(any_database, book, 1)
    assert ReturnStore(any_database).give_back([Decrement(order, book, 2)]) == [RETURNED]
    assert StockStore(any_database).decrement([Decrement(order, book, 2)]) == [RETURNED]
    assert copies_left(any_database, book) == COPIES


def test_an_order_without_copies_returns_none(any_database: Database, book: int) -> None:
    """A rejected order keeps its outcome."""
    (order,) = add_orders(any_database, book, 1)
    movement = [Decrement(order, book, COPIES + 1)]
    assert StockStore(any_database).decrement(movement) == [REJECTED]
    assert ReturnStore(any_database).give_back(movement) == [REJECTED]
    assert copies_left(any_database, book) == COPIES


def test_what_was_taken_is_returned(any_database: Database, book: int) -> None:
    """The movement decides about book and copies, not the request: the stock is right in either case."""
    other = add_book(any_database, quantity=COPIES)
    (order,) = add_orders(any_database, other, 1)
    StockStore(any_database).decrement([Decrement(order, book, 3)])
    assert ReturnStore(any_database).give_back([Decrement(order, other, 1)]) == [RETURNED]
    assert (copies_left(any_database, book), copies_left(any_database, other)) == (COPIES, COPIES)


def test_a_batch_returns_each_order_once(any_database: Database, book: int) -> None:
    """Taken, rejected, unknown and repeated orders may share a call."""
    first, second, third, fourth = add_orders(any_database, book, 4)
    stock, returns = StockStore(any_database), ReturnStore(any_database)
    stock.decrement([Decrement(first, book, 2), Decrement(second, book, 2), Decrement(third, book, 2)])
    batch = [Decrement(each, book, 2) for each in (fourth, third, second, second)]
    for _ in range(2):
        assert returns.give_back(batch) == [RETURNED, REJECTED, RETURNED, RETURNED]
        assert (copies_left(any_database, book), sold(any_database, book)) == (COPIES - 2, 2)


@pytest.mark.parametrize("order", [999, 2**31, 2**63 - 1])
def test_an_unknown_order_rolls_back_the_whole_batch(any_database: Database, book: int, order: int) -> None:
    """No copies of the other orders return either."""
    (known,) = add_orders(any_database, book, 1)
    StockStore(any_database).decrement([Decrement(known, book, 1)])
    with pytest.raises(NotFound) as refused:
        ReturnStore(any_database).give_back([Decrement(known, book, 1), Decrement(order, book, 1)])
    assert refused.value.reason == "ORDER_NOT_FOUND"
    assert (copies_left(any_database, book), count(any_database, "StockMovements")) == (COPIES - 1, 1)


@pytest.fixture
def two_databases(file_database: Database) -> Iterator[list[Database]]:
    """Return the database of two processes."""
    second = Database(file_database.url)
    yield [file_database, second]
    second.close()


@pytest.mark.integration
def test_concurrent_calls_keep_stock_and_ledger_equal(two_databases: list[Database]) -> None:
    """Decrements and returns of the same orders, in overlapping batches, leave each order with all copies or none."""
    database, _ = two_databases
    books = [add_book(database, quantity=40) for _ in range(2)]
    orders = [order for book in books for order in add_orders(database, book, 20)]
    movements = [Decrement(order, books[number // 20], 1) for number, order in enumerate(orders)]
    stores = [(StockStore(each), ReturnStore(each)) for each in two_databases]

    def call(number: int) -> None:
        stock, returns = stores[number % 2]
        batch = movements[number % 5 * 7 :][:12]
        (stock.decrement if number % 3 else returns.give_back)(batch[:: 1 if number % 4 < 2 else -1])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(48)))
    assert [40 - copies_left(database, book) for book in books] == [sold(database, book) for book in books]
    ReturnStore(database).give_back(movements)
    assert [copies_left(database, book) for book in books] == [40, 40]


@pytest.mark.integration
def test_of_simultaneous_returns_one_puts_the_copies_back(two_databases: list[Database]) -> None:
    """Sixteen returns and sixteen decrements of one order end with the initial stock."""
    database, _ = two_databases
    book = add_book(database, quantity=COPIES)
    (order,) = add_orders(database, book, 1)
    movement = [Decrement(order, book, 1)]
    calls = [
        call
        for each in two_databases
        for call in itertools.repeat((StockStore(each).decrement, ReturnStore(each).give_back), 8)
    ]
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda call: call(movement), itertools.chain.from_iterable(calls)))
    assert {outcome for (outcome,) in results} <= {APPLIED, RETURNED}
    assert copies_left(database, book) == COPIES
