"""Pure decisions about the catalogue and its stock, and the data that they are about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from database.folding import fold

DEFAULT_PAGE_SIZE = 8
"""Books on a page when a request has no page size."""

LIKE_ESCAPE = "!"
"""No backslash: whether it has to be doubled in a statement depends on a setting of MySQL."""


@dataclass(frozen=True, slots=True)
class Book:
    """A title and its stock."""

    book_id: int
    title: str
    description: str
    isbn: str
    authors: str
    publishers: str
    format: str
    genre: str
    price: Decimal
    quantity: int
    url: str


@dataclass(frozen=True, slots=True)
class BookFilters:
    """Which books to list; None matches every book."""

    genre: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    search: str | None = None
    in_stock: bool = False


class BookSort(Enum):
    """The order of a list of books; books that are equal in it are sorted by id."""

    ID = auto()
    TITLE = auto()
    TITLE_DESC = auto()
    PRICE = auto()
    PRICE_DESC = auto()
    NEWEST = auto()


@dataclass(frozen=True, slots=True)
class BookPage:
    """One page of a list of books.

    Args:
        books: the books of the page.
        total_size: the number of books on all pages.
    """

    books: list[Book]
    total_size: int


@dataclass(frozen=True, slots=True)
class GenreCount:
    """A genre and the number of its books."""

    genre: str
    count: int


@dataclass(frozen=True, slots=True)
class GenreOverview:
    """All genres in alphabetical order, and the range of prices; the prices are None when there are no books."""

    genres: list[GenreCount]
    lowest_price: Decimal | None
    highest_price: Decimal | None


class Decrement(NamedTuple):
    """The copies of a book that an order takes from the stock."""

    order_id: int
    book_id: int
    quantity: int


class Outcome(StrEnum):
    """The outcome of a decrement, as it is stored."""

    APPLIED = "applied"
    """The order has its copies."""
    REJECTED = "rejected"
    """Too few copies were left."""
    RETURNED = "returned"
    """The order ended without a purchase: its copies are back in the stock, and it never takes any again."""


def decide_outcomes(decrements: Iterable[Decrement], stock: Mapping[int, int]) -> dict[Decrement, Outcome]:
    """Apply each decrement for which enough copies are left, in their order, and reject the others.

    Args:
        decrements: the decrements, the earliest order first.
        stock: the copies left by book id.
    """
    left = dict(stock)
    outcomes = {}
    for decrement in decrements:
        if decrement.quantity <= left[decrement.book_id]:
            left[decrement.book_id] -= decrement.quantity
            outcomes[decrement] = Outcome.APPLIED
        else:
            outcomes[decrement] = Outcome.REJECTED
    return outcomes


def like_pattern(search: str) -> str:
    """Return a LIKE pattern for a text that contains the search, with `LIKE_ESCAPE` before each special character."""
    escaped = fold(search)
    for character in (LIKE_ESCAPE, "%", "_"):
        escaped = escaped.replace(character, LIKE_ESCAPE + character)
    return f"%{escaped}%"
