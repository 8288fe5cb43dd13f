"""Pure decisions about the catalogue."""

from dataclasses import dataclass
from decimal import Decimal

from database.folding import fold

PAGE, LIMIT = 1, 8
"""What a list shows when nothing is asked for."""


@dataclass(frozen=True)
class Filters:
    """Which books to list; None lets every book pass."""

    genre: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    search: str | None = None
    in_stock: bool = False


def like_pattern(search: str) -> str:
    r"""A LIKE pattern that finds the text anywhere, with `\` before each character that LIKE gives a meaning."""
    folded = fold(search)
    escaped = folded.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
