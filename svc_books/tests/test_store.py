"""The catalogue is found as shoppers ask for it, and its stock is taken exactly once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.errors import FailedPrecondition, NotFound
from svc_books.rules import Filters, Taking, like_pattern
from svc_books.store import BookStore


@pytest.fixture
def store(any_database: Database) -> BookStore:
    """A shop of five books that differ in all that one can ask for."""
    add_book(any_database, "The Zoo", "Émile Ajar", "Fiction", "5.00", 0)
    add_book(any_database, "Émile", "Jean-Jacques Rousseau", "Philosophy", "10.99", 3)
    add_book(any_database, "100% Wool", "A. Weaver", "Craft", "10.00", 1)
    add_book(any_database, "snake_case", "B. Coder", "Craft", "9.99", 2)
    add_book(any_database, "C:\\Temp", "C. Coder", "craft", "99999999.99", 7)
    return BookStore(any_database)


def titles(store: BookStore, filters: Filters | None = None, sort: str = "") -> list[str]:
    """Titles of the books that are found, in their order."""
    rows, total = store.page(filters or Filters(), sort, 0, 100)
    assert total == len(rows)
    return [row.title for row in rows]


def stock(database: Database, book_id: int) -> int:
    """Copies that are left."""
    return int(BookStore(database).get(book_id).quantity)


def take(store: BookStore, order: int, book: int, quantity: int) -> str:
    """How one order's decrement ends."""
    (outcome,) = store.decrement([Taking(order, book, quantity)])
    return outcome


def an_order(database: Database, quantity: int) -> tuple[int, int]:
    """A book with that many copies, and an order for it; answers both ids."""
    book = add_book(database, quantity=quantity)
    return book, add_order(database, add_user(database), book)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), ["The Zoo", "Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        (Filters(genre="Craft"), ["100% Wool", "snake_case"]),
        (Filters(genre="Craf"), []),
        (Filters(min_price=Decimal("10.00")), ["Émile", "100% Wool", "C:\\Temp"]),
        (Filters(max_price=Decimal("9.99")), ["The Zoo", "snake_case"]),
        (Filters(min_price=Decimal("9.99"), max_price=Decimal("10.99")), ["Émile", "100% Wool", "snake_case"]),
        (Filters(min_price=Decimal(11), max_price=Decimal(10)), []),
        (Filters(in_stock=True), ["Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        (Filters(genre="Craft", search="coder", in_stock=True), ["snake_case"]),
    ],
)
def test_filters_let_pass_what_they_say(store: BookStore, filters: Filters, found: list[str]) -> None:
    """Genres are exact, bounds are included, and all filters hold at once."""
    assert titles(store, filters) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("EMILE", ["The Zoo", "Émile"]),
        ("émile", ["The Zoo", "Émile"]),
        ("jean-JACQUES", ["Émile"]),
        ("0%", ["100% Wool"]),
        ("%", ["100% Wool"]),
        ("_", ["snake_case"]),
        ("e_c", ["snake_case"]),
        ("\\", ["C:\\Temp"]),
        (":\\t", ["C:\\Temp"]),
        ("978000", ["The Zoo", "Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        ("zoo emile", []),
        ("'; DROP TABLE Books; --", []),
    ],
)
def test_a_search_finds_texts_as_people_type_them(store: BookStore, search: str, found: list[str]) -> None:
    """Title, authors and ISBN, any case, with or without accents; what LIKE gives a meaning stands for itself."""
    assert titles(store, Filters(search=search)) == found


@pytest.mark.unit
def test_a_pattern_escapes_its_own_escape_first() -> None:
    r"""A backslash before a percent sign stays a backslash: `\%` is looked for, not a literal `%`."""
    assert like_pattern(r"\%_") == r"%\\\%\_%"


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["The Zoo", "Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        ("title", ["100% Wool", "C:\\Temp", "Émile", "snake_case", "The Zoo"]),
        ("-title", ["The Zoo", "snake_case", "Émile", "C:\\Temp", "100% Wool"]),
        ("price", ["The Zoo", "snake_case", "100% Wool", "Émile", "C:\\Temp"]),
        ("-price", ["C:\\Temp", "Émile", "100% Wool", "snake_case", "The Zoo"]),
        ("newest", ["C:\\Temp", "snake_case", "100% Wool", "Émile", "The Zoo"]),
    ],
)
def test_books_come_in_the_order_asked_for(store: BookStore, sort: str, order: list[str]) -> None:
    """Titles sort without articles and accents, prices as numbers."""
    assert titles(store, sort=sort) == order


@pytest.mark.unit
@pytest.mark.parametrize("sort", ["", "title", "-title", "price", "-price", "newest"])
def test_pages_show_every_book_once(seeded_database: Database, sort: str) -> None:
    """Whatever the order, no book is on two pages or on none, though many share a price."""
    store = BookStore(seeded_database)
    total = store.page(Filters(), sort, 0, 1)[1]
    pages: list[Sequence[object]] = [store.page(Filters(), sort, offset, 7)[0] for offset in range(0, total + 1, 7)]
    assert [len(page) for page in pages[:-1]] == [7] * (len(pages) - 1)
    ids = [row.book_id for page in pages for row in page]  # type: ignore[attr-defined] # rows of any columns
    assert sorted(ids) == list(range(1, total + 1))


@pytest.mark.parametrize("page", [3, 2**31 - 1])
def test_beyond_the_last_page_is_nothing(store: BookStore, page: int) -> None:
    """An empty page still tells how many there are."""
    assert store.page(Filters(), "", (page - 1) * 100, 100) == ([], 5)


def test_genres_are_counted_beside_the_range_of_prices(store: BookStore, any_database: Database) -> None:
    """Each genre with its number, and the lowest and highest price as decimals."""
    genres, prices = store.genres()
    assert {row.genre: row.books for row in genres} == {"Craft": 2, "Fiction": 1, "Philosophy": 1, "craft": 1}
    assert [row.genre for row in genres] == sorted(row.genre for row in genres)
    assert (prices.lowest, prices.highest) == (Decimal("5.00"), Decimal("99999999.99"))
    execute(any_database, "DELETE FROM Books")
    genres, prices = store.genres()
    assert (list(genres), prices.lowest, prices.highest) == ([], None, None)


def test_a_book_that_does_not_exist_is_not_found(store: BookStore) -> None:
    """The sentence is the contract's."""
    with pytest.raises(NotFound, match=r"^Book was not found\.$"):
        store.get(999)


def test_an_order_takes_its_copies_once(any_database: Database) -> None:
    """However often the call is repeated, the stock falls once and the answer stays."""
    book, order = an_order(any_database, quantity=5)
    store = BookStore(any_database)
    assert [take(store, order, book, 2) for _ in range(3)] == ["applied"] * 3
    assert stock(any_database, book) == 3


def test_an_order_may_take_the_last_copy_and_no_more(any_database: Database) -> None:
    """All that is left is enough; one more is rejected, and the rejection is as lasting as success."""
    book, order = an_order(any_database, quantity=2)
    other = add_order(any_database, add_user(any_database), book)
    store = BookStore(any_database)
    assert take(store, other, book, 3) == "rejected"
    assert take(store, order, book, 2) == "applied"
    execute(any_database, "UPDATE Books SET quantity = 100")
    assert take(store, other, book, 3) == "rejected"
    assert stock(any_database, book) == 100


def test_other_parameters_under_the_same_order_are_refused(any_database: Database) -> None:
    """An order is counted with one book and one quantity; anything else is a mistake that must not pass."""
    book, order = an_order(any_database, quantity=5)
    store = BookStore(any_database)
    take(store, order, book, 1)
    for other_book, quantity in ((book, 2), (add_book(any_database), 1)):
        with pytest.raises(FailedPrecondition) as refused:
            take(store, order, other_book, quantity)
        assert refused.value.reason == "ORDER_COUNTED_DIFFERENTLY"
    assert stock(any_database, book) == 4


def test_an_unknown_book_leaves_no_trace(any_database: Database) -> None:
    """A decrement of nothing can be repeated and finds the same: nothing was counted."""
    _, order = an_order(any_database, quantity=5)
    for _ in range(2):
        with pytest.raises(NotFound) as refused:
            take(BookStore(any_database), order, 999, 1)
        assert (refused.value.message, refused.value.reason) == ("Book not found.", "BOOK_NOT_FOUND")
    assert count(any_database, "StockMovements") == 0


@pytest.mark.parametrize("order", [999, 2**31, 2**63 - 1])
def test_an_unknown_order_takes_nothing(any_database: Database, order: int) -> None:
    """Copies leave the shop only for an order that exists; a server's own range of ids is nobody's failure."""
    book = add_book(any_database, quantity=5)
    with pytest.raises(NotFound) as refused:
        take(BookStore(any_database), order, book, 1)
    assert refused.value.reason == "ORDER_NOT_FOUND"
    assert stock(any_database, book) == 5


def test_many_orders_are_counted_together(any_database: Database) -> None:
    """First come, first served, whatever their order in the call; those that were counted before answer as before."""
    one, other, user = add_book(any_database, quantity=5), add_book(any_database, quantity=1), add_user(any_database)
    first, second, third, fourth = (add_order(any_database, user, one) for _ in range(4))
    store = BookStore(any_database)
    assert take(store, second, one, 2) == "applied"
    takings = [Taking(fourth, other, 1), Taking(third, one, 1), Taking(second, one, 2), Taking(first, one, 3)]
    for _ in range(2):
        assert store.decrement(takings) == ["applied", "rejected", "applied", "applied"]
    assert store.decrement([takings[0], takings[0]]) == ["applied", "applied"]
    assert (stock(any_database, one), stock(any_database, other)) == (0, 0)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda order, book: Taking(order + 900, book, 1), "ORDER_NOT_FOUND"),
        (lambda order, book: Taking(order + 1, book + 900, 1), "BOOK_NOT_FOUND"),
        (lambda order, book: Taking(order, book, 2), "ORDER_COUNTED_DIFFERENTLY"),
    ],
    ids=["order", "book", "otherwise"],
)
def test_one_bad_order_keeps_all_from_being_counted(
    any_database: Database, bad: Callable[[int, int], Taking], reason: str
) -> None:
    """All or nothing: the caller then asks for each alone."""
    book, order = an_order(any_database, quantity=5)
    add_order(any_database, add_user(any_database), book)
    with pytest.raises((NotFound, FailedPrecondition)) as refused:
        BookStore(any_database).decrement([Taking(order, book, 1), bad(order, book)])
    assert refused.value.reason == reason
    assert (stock(any_database, book), count(any_database, "StockMovements")) == (5, 0)


def test_stock_is_removed_without_an_order_each_time(any_database: Database) -> None:
    """The plain decrement is not idempotent, stops at nothing left, and names what is wrong."""
    book, store = add_book(any_database, quantity=3), BookStore(any_database)
    assert [store.remove(book, 1).quantity, store.remove(book, 2).quantity] == [2, 0]
    with pytest.raises(FailedPrecondition, match=r"^New quantity should not go below 0\.$"):
        store.remove(book, 1)
    with pytest.raises(NotFound, match=r"^Book not found\.$"):
        store.remove(999, 1)
    assert stock(any_database, book) == 0


@pytest.mark.integration
def test_concurrent_orders_never_oversell(file_database: Database) -> None:
    """Forty orders of two copies for the last thirty, sixteen at once, each sent twice: fifteen get theirs."""
    book, user = add_book(file_database, quantity=30), add_user(file_database)
    orders = [add_order(file_database, user, book) for _ in range(40)]
    stores = [BookStore(file_database), BookStore(Database(file_database.url))]
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: take(stores[n % 2], orders[n // 2], book, 2), range(80)))
    assert outcomes[::2] == outcomes[1::2]
    assert outcomes[::2].count("applied") == 15
    assert stock(file_database, book) == 0
    stores[1]._database.close()


@pytest.mark.integration
def test_concurrent_batches_never_oversell(file_database: Database) -> None:
    """Calls of ten orders each, eight at once, each sent twice, for half the copies that they want."""
    books, user = [add_book(file_database, quantity=20) for _ in range(2)], add_user(file_database)
    orders = [Taking(add_order(file_database, user, books[n % 2]), books[n % 2], 1) for n in range(80)]
    stores = [BookStore(file_database), BookStore(Database(file_database.url))]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: stores[n % 2].decrement(orders[n // 2 * 10 :][:10]), range(16)))
    assert answers[::2] == answers[1::2]
    assert sum(answer.count("applied") for answer in answers[::2]) == 40
    assert [stock(file_database, book) for book in books] == [0, 0]
    stores[1]._database.close()


@pytest.mark.integration
def test_concurrent_removals_never_oversell(file_database: Database) -> None:
    """The plain decrement is atomic too."""
    book, store = add_book(file_database, quantity=10), BookStore(file_database)

    def take(_: int) -> bool:
        try:
            store.remove(book, 1)
        except FailedPrecondition:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(30))) == 10
    assert stock(file_database, book) == 0
