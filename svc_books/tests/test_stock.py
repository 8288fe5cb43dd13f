"""Each order takes its copies exactly once, and the stock never falls below zero."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.errors import FailedPrecondition, NotFound
from svc_books.rules import Decrement, Outcome, decide_outcomes
from svc_books.store.books import BookStore
from svc_books.store.stock import StockStore

APPLIED, REJECTED = Outcome.APPLIED, Outcome.REJECTED


def copies_left(database: Database, book_id: int) -> int:
    """Return the stock of a book."""
    return BookStore(database).get(book_id).quantity


def take(store: StockStore, order: int, book: int, quantity: int) -> Outcome:
    """Return the outcome of one order's decrement."""
    (outcome,) = store.decrement([Decrement(order, book, quantity)])
    return outcome


def add_ordered_book(database: Database, quantity: int) -> tuple[int, int]:
    """Insert a book with this stock and an order for it, and return both ids."""
    book = add_book(database, quantity=quantity)
    return book, add_order(database, add_user(database), book)


@pytest.mark.unit
def test_earlier_orders_come_first() -> None:
    """An order that does not fit is rejected, and a later, smaller one still gets its copies."""
    first, second, third, other = Decrement(1, 7, 2), Decrement(2, 7, 2), Decrement(3, 7, 1), Decrement(4, 8, 1)
    outcomes = decide_outcomes([first, second, third, other], {7: 3, 8: 0})
    assert outcomes == {first: APPLIED, second: REJECTED, third: APPLIED, other: REJECTED}


def test_an_order_takes_its_copies_once(any_database: Database) -> None:
    """A repeated call returns the same outcome and does not change the stock."""
    book, order = add_ordered_book(any_database, quantity=5)
    store = StockStore(any_database)
    assert [take(store, order, book, 2) for _ in range(3)] == [APPLIED] * 3
    assert copies_left(any_database, book) == 3


def test_an_order_may_take_the_last_copy_and_no_more(any_database: Database) -> None:
    """An order for all copies left is applied, one for more is rejected, and a rejection is permanent."""
    book, order = add_ordered_book(any_database, quantity=2)
    other = add_order(any_database, add_user(any_database), book)
    store = StockStore(any_database)
    assert take(store, other, book, 3) == REJECTED
    assert take(store, order, book, 2) == APPLIED
    execute(any_database, "UPDATE Books SET quantity = 100")
    assert take(store, other, book, 3) == REJECTED
    assert copies_left(any_database, book) == 100


def test_an_order_cannot_change_its_book_or_quantity(any_database: Database) -> None:
    """An order that was counted with another book or quantity is refused."""
    book, order = add_ordered_book(any_database, quantity=5)
    store = StockStore(any_database)
    take(store, order, book, 1)
    for other_book, quantity in ((book, 2), (add_book(any_database), 1)):
        with pytest.raises(FailedPrecondition) as refused:
            take(store, order, other_book, quantity)
        assert refused.value.reason == "ORDER_COUNTED_DIFFERENTLY"
    assert copies_left(any_database, book) == 4


def test_an_unknown_book_stores_no_movement(any_database: Database) -> None:
    """A repeated decrement of an unknown book fails in the same way, because no movement was stored."""
    _, order = add_ordered_book(any_database, quantity=5)
    for _ in range(2):
        with pytest.raises(NotFound) as refused:
            take(StockStore(any_database), order, 999, 1)
        assert (refused.value.message, refused.value.reason) == ("Book not found.", "BOOK_NOT_FOUND")
    assert count(any_database, "StockMovements") == 0


@pytest.mark.parametrize("order", [999, 2**31, 2**63 - 1])
def test_an_unknown_order_takes_nothing(any_database: Database, order: int) -> None:
    """Only an order that exists takes copies; an id that is too large for the column is unknown, too."""
    book = add_book(any_database, quantity=5)
    with pytest.raises(NotFound) as refused:
        take(StockStore(any_database), order, book, 1)
    assert refused.value.reason == "ORDER_NOT_FOUND"
    assert copies_left(any_database, book) == 5


def test_a_batch_counts_each_order_once(any_database: Database) -> None:
    """Earlier orders come first, whatever their order in the call; an order that was counted keeps its outcome."""
    one, other, user = add_book(any_database, quantity=5), add_book(any_database, quantity=1), add_user(any_database)
    first, second, third, fourth = (add_order(any_database, user, one) for _ in range(4))
    store = StockStore(any_database)
    assert take(store, second, one, 2) == APPLIED
    decrements = [
        Decrement(fourth, other, 1),
        Decrement(third, one, 1),
        Decrement(second, one, 2),
        Decrement(first, one, 3),
    ]
    for _ in range(2):
        assert store.decrement(decrements) == [APPLIED, REJECTED, APPLIED, APPLIED]
    assert store.decrement([decrements[0], decrements[0]]) == [APPLIED, APPLIED]
    assert (copies_left(any_database, one), copies_left(any_database, other)) == (0, 0)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda order, book: Decrement(order + 900, book, 1), "ORDER_NOT_FOUND"),
        (lambda order, book: Decrement(order + 1, book + 900, 1), "BOOK_NOT_FOUND"),
        (lambda order, book: Decrement(order, book, 2), "ORDER_COUNTED_DIFFERENTLY"),
    ],
    ids=["order", "book", "quantity"],
)
def test_one_invalid_order_rolls_back_the_whole_batch(
    any_database: Database, bad: Callable[[int, int], Decrement], reason: str
) -> None:
    """No order of the batch is counted; the caller then sends each order alone."""
    book, order = add_ordered_book(any_database, quantity=5)
    add_order(any_database, add_user(any_database), book)
    with pytest.raises((NotFound, FailedPrecondition)) as refused:
        StockStore(any_database).decrement([Decrement(order, book, 1), bad(order, book)])
    assert refused.value.reason == reason
    assert (copies_left(any_database, book), count(any_database, "StockMovements")) == (5, 0)


def test_removing_stock_is_not_idempotent(any_database: Database) -> None:
    """Each call takes copies until none are left; the messages are those of the REST contract."""
    book, store = add_book(any_database, quantity=3), StockStore(any_database)
    assert [store.remove(book, 1).quantity, store.remove(book, 2).quantity] == [2, 0]
    with pytest.raises(FailedPrecondition, match=r"^New quantity should not go below 0\.$"):
        store.remove(book, 1)
    with pytest.raises(NotFound, match=r"^Book not found\.$"):
        store.remove(999, 1)
    assert copies_left(any_database, book) == 0


@pytest.mark.integration
def test_concurrent_orders_never_oversell(file_database: Database) -> None:
    """Of forty orders of two copies each for thirty copies, sent twice and in parallel, fifteen are applied."""
    book, user = add_book(file_database, quantity=30), add_user(file_database)
    orders = [add_order(file_database, user, book) for _ in range(40)]
    second = Database(file_database.url)
    stores = [StockStore(file_database), StockStore(second)]
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: take(stores[n % 2], orders[n // 2], book, 2), range(80)))
    assert outcomes[::2] == outcomes[1::2]
    assert outcomes[::2].count(APPLIED) == 15
    assert copies_left(file_database, book) == 0
    second.close()


@pytest.mark.integration
def test_concurrent_batches_never_oversell(file_database: Database) -> None:
    """Batches of ten orders, sent twice and in parallel, for twice the stock, take exactly the stock."""
    books, user = [add_book(file_database, quantity=20) for _ in range(2)], add_user(file_database)
    orders = [Decrement(add_order(file_database, user, books[n % 2]), books[n % 2], 1) for n in range(80)]
    second = Database(file_database.url)
    stores = [StockStore(file_database), StockStore(second)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: stores[n % 2].decrement(orders[n // 2 * 10 :][:10]), range(16)))
    assert results[::2] == results[1::2]
    assert sum(outcomes.count(APPLIED) for outcomes in results[::2]) == 40
    assert [copies_left(file_database, book) for book in books] == [0, 0]
    second.close()


@pytest.mark.integration
def test_concurrent_removals_never_oversell(file_database: Database) -> None:
    """Removing stock is atomic, too."""
    book, store = add_book(file_database, quantity=10), StockStore(file_database)

    def take(_: int) -> bool:
        try:
            store.remove(book, 1)
        except FailedPrecondition:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(30))) == 10
    assert copies_left(file_database, book) == 0
