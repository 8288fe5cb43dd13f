"""Books are filtered, searched, sorted and paged."""

from decimal import Decimal

import pytest

from database.engine import Database
from database.tests.rows import add_book, execute
from mesh.errors import NotFound
from svc_books.rules import BookFilters, BookPage, BookSort, GenreCount, GenreOverview, like_pattern
from svc_books.store.books import BookStore


@pytest.fixture
def store(any_database: Database) -> BookStore:
    """Return the store with five books that differ in every field that a list can filter."""
    add_book(any_database, "The Zoo", "Émile Ajar", "Fiction", "5.00", 0)
    add_book(any_database, "Émile", "Jean-Jacques Rousseau", "Philosophy", "10.99", 3)
    add_book(any_database, "100% Wool", "A. Weaver", "Craft", "10.00", 1)
    add_book(any_database, "snake_case", "B. Coder", "Craft", "9.99", 2)
    add_book(any_database, "C:\\Temp", "C. Coder", "craft", "99999999.99", 7)
    return BookStore(any_database)


def titles(store: BookStore, filters: BookFilters | None = None, sort: BookSort = BookSort.ID) -> list[str]:
    """Return the titles of the books that match, in their order."""
    page = store.page(filters or BookFilters(), sort, 0, 100)
    assert page.total_size == len(page.books)
    return [book.title for book in page.books]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (BookFilters(), ["The Zoo", "Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        (BookFilters(genre="Craft"), ["100% Wool", "snake_case"]),
        (BookFilters(genre="Craf"), []),
        (BookFilters(min_price=Decimal("10.00")), ["Émile", "100% Wool", "C:\\Temp"]),
        (BookFilters(max_price=Decimal("9.99")), ["The Zoo", "snake_case"]),
        (BookFilters(min_price=Decimal("9.99"), max_price=Decimal("10.99")), ["Émile", "100% Wool", "snake_case"]),
        (BookFilters(min_price=Decimal(11), max_price=Decimal(10)), []),
        (BookFilters(in_stock=True), ["Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        (BookFilters(genre="Craft", search="coder", in_stock=True), ["snake_case"]),
    ],
)
def test_filters_select_books(store: BookStore, filters: BookFilters, expected: list[str]) -> None:
    """Genres match exactly, bounds are inclusive, and all filters apply together."""
    assert titles(store, filters) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
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
def test_a_search_ignores_case_and_accents(store: BookStore, search: str, expected: list[str]) -> None:
    """A search matches title, authors and ISBN; LIKE's special characters are ordinary ones."""
    assert titles(store, BookFilters(search=search)) == expected


@pytest.mark.unit
def test_a_pattern_escapes_its_own_escape_first() -> None:
    """An exclamation mark in front of a percent sign is one: the search is for `!%`, not for `%`."""
    assert like_pattern("!%_\\") == r"%!!!%!_\%"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (BookSort.ID, ["The Zoo", "Émile", "100% Wool", "snake_case", "C:\\Temp"]),
        (BookSort.TITLE, ["100% Wool", "C:\\Temp", "Émile", "snake_case", "The Zoo"]),
        (BookSort.TITLE_DESC, ["The Zoo", "snake_case", "Émile", "C:\\Temp", "100% Wool"]),
        (BookSort.PRICE, ["The Zoo", "snake_case", "100% Wool", "Émile", "C:\\Temp"]),
        (BookSort.PRICE_DESC, ["C:\\Temp", "Émile", "100% Wool", "snake_case", "The Zoo"]),
        (BookSort.NEWEST, ["C:\\Temp", "snake_case", "100% Wool", "Émile", "The Zoo"]),
    ],
)
def test_books_are_sorted(store: BookStore, sort: BookSort, expected: list[str]) -> None:
    """Titles are sorted without articles and accents, prices as numbers."""
    assert titles(store, sort=sort) == expected


@pytest.mark.unit
@pytest.mark.parametrize("sort", BookSort)
def test_pages_show_every_book_once(seeded_database: Database, sort: BookSort) -> None:
    """In every order, each book is on exactly one page, although many books have the same price."""
    store = BookStore(seeded_database)
    total = store.page(BookFilters(), sort, 0, 1).total_size
    pages = [store.page(BookFilters(), sort, offset, 7).books for offset in range(0, total + 1, 7)]
    assert [len(page) for page in pages[:-1]] == [7] * (len(pages) - 1)
    ids = [book.book_id for page in pages for book in page]
    assert sorted(ids) == list(range(1, total + 1))


@pytest.mark.parametrize("page", [3, 2**31 - 1])
def test_a_page_beyond_the_last_one_is_empty(store: BookStore, page: int) -> None:
    """An empty page still has the total number of books."""
    assert store.page(BookFilters(), BookSort.ID, (page - 1) * 100, 100) == BookPage([], 5)


def test_genres_are_counted(store: BookStore, any_database: Database) -> None:
    """The overview has each genre with its number of books, and the lowest and highest price as decimals."""
    genres = [GenreCount("Craft", 2), GenreCount("Fiction", 1), GenreCount("Philosophy", 1), GenreCount("craft", 1)]
    assert store.genres() == GenreOverview(genres, Decimal("5.00"), Decimal("99999999.99"))
    execute(any_database, "DELETE FROM Books")
    assert store.genres() == GenreOverview([], None, None)


def test_an_unknown_book_is_not_found(store: BookStore) -> None:
    """The message is the one of the REST contract."""
    with pytest.raises(NotFound, match=r"^Book was not found\.$"):
        store.get(999)
