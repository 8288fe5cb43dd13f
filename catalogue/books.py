"""The books of `catalogue.json`."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

CATALOGUE_FILE = Path(__file__).parent / "catalogue.json"


@dataclass(frozen=True, slots=True)
class Book:
    """A book of the catalogue."""

    title: str
    authors: str
    publishers: str
    isbn: str
    format: str
    genre: str
    price: Decimal
    quantity: int
    description: str

    @property
    def cover_name(self) -> str:
        """Return the file name of the cover."""
        return f"{self.isbn}.svg"

    @property
    def cover_url(self) -> str:
        """Return the path under which the shop serves the cover."""
        return f"/images/books/{self.cover_name}"


def read_books(file: Path = CATALOGUE_FILE) -> list[Book]:
    """Return the books of a catalogue file, in its order.

    Raises:
        ArithmeticError: a price is not a number.
        TypeError: a book has a missing or an unknown key.
        KeyError: a book has no price or no ISBN.
    """
    return [_book(values) for values in json.loads(file.read_text(encoding="utf-8"))]


def _book(values: dict[str, Any]) -> Book:
    values = dict(values)
    return Book(isbn=values.pop("ISBN"), price=Decimal(values.pop("price")), **values)
