"""Pure decisions about the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from database.folding import fold

DEFAULT_PAGE_SIZE = 8
"""Books on a page when a request has no page size."""


@dataclass(frozen=True)
class Filters:
    """Which books to list; None lets every book pass."""

    genre: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    search: str | None = None
    in_stock: bool = False


class Taking(NamedTuple):
    """The copies of one book that one order takes."""

    order_id: int
    book_id: int
    quantity: int


def those_that_fit(takings: Iterable[Taking], stock: Mapping[int, int]) -> set[Taking]:
    """Those for which enough copies are left, first come, first served.

    Args:
        takings: the earliest first.
        stock: copies left by book.
    """
    left = dict(stock)
    fitting = set()
    for taking in takings:
        if taking.quantity <= left[taking.book_id]:
            left[taking.book_id] -= taking.quantity
            fitting.add(taking)
    return fitting


def like_pattern(search: str) -> str:
    r"""A LIKE pattern that finds the text anywhere, with `\` before each character that LIKE gives a meaning."""
    folded = fold(search)
    escaped = folded.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
