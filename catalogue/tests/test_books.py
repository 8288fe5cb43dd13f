"""The books of the catalogue have valid and complete fields."""

import re
from collections import Counter
from dataclasses import asdict
from decimal import Decimal

import pytest

from catalogue.books import Book, read_books

LIMITS = (("title", 255), ("publishers", 255), ("format", 50), ("genre", 50), ("isbn", 20))

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def books() -> list[Book]:
    """Return the books of the catalogue."""
    return read_books()


def test_there_are_enough_books_and_genres(books: list[Book]) -> None:
    """The catalogue has at least sixty books of at least eight genres."""
    assert len(books) >= 60
    assert len({book.genre for book in books}) >= 8


def test_every_isbn_is_valid_and_unique(books: list[Book]) -> None:
    """Every ISBN-13 has a correct check digit and belongs to one book."""
    for book in books:
        assert re.fullmatch(r"97[89]\d{10}", book.isbn), book.title
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(book.isbn)) % 10 == 0, book.title
    assert max(Counter(book.isbn for book in books).values()) == 1


def test_every_price_is_an_amount_of_money(books: list[Book]) -> None:
    """Every price is positive and has at most two decimals."""
    for book in books:
        assert book.price > 0, book.title
        assert book.price == book.price.quantize(Decimal("0.01")), book.title


def test_every_quantity_is_a_valid_stock(books: list[Book]) -> None:
    """No quantity is below zero, and at least one book is out of stock, so that the shop shows how that looks."""
    assert all(isinstance(book.quantity, int) and book.quantity >= 0 for book in books)
    assert any(book.quantity == 0 for book in books)


def test_every_field_fits_its_column(books: list[Book]) -> None:
    """Every text is present, without outer blanks, and no longer than its column."""
    for book in books:
        fields = {name: value for name, value in asdict(book).items() if isinstance(value, str)}
        assert all(value and value == value.strip() for value in fields.values()), book.title
        assert all(len(fields[name]) <= limit for name, limit in LIMITS), book.title


def test_every_description_is_two_to_four_sentences(books: list[Book]) -> None:
    """Every description has two to four sentences, and no two books share one."""
    for book in books:
        assert 2 <= len(re.findall(r"[.!?](?=\s|$)", book.description)) <= 4, book.title
    assert len({book.description for book in books}) == len(books)
