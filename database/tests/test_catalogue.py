"""The catalogue and its covers hold what the shop promises."""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from database.covers import IMAGES, Book, draw_all, main, read_catalogue, stale

SVG = "{http://www.w3.org/2000/svg}"
LIMITS = (("title", 255), ("publishers", 255), ("format", 50), ("genre", 50), ("ISBN", 20))

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def books() -> list[Book]:
    """Return the books of the catalogue."""
    return read_catalogue()


@pytest.fixture(scope="module")
def covers(books: list[Book]) -> dict[str, str]:
    """Return the committed covers by ISBN."""
    return {book["ISBN"]: (IMAGES / f"{book['ISBN']}.svg").read_text(encoding="utf-8") for book in books}


def visible_words(cover: str) -> set[str]:
    """Return the words a reader sees on a cover."""
    texts = ET.fromstring(cover).iter(f"{SVG}text")  # noqa: S314 - a file of our own
    return {word for text in texts for line in text.itertext() for word in line.split()}


def test_there_are_enough_books_and_genres(books: list[Book]) -> None:
    """At least sixty books stand on at least eight shelves."""
    assert len(books) >= 60
    assert len({book["genre"] for book in books}) >= 8


def test_every_isbn_is_valid_and_unique(books: list[Book]) -> None:
    """Every ISBN-13 has a right check digit and belongs to one book."""
    for book in books:
        assert re.fullmatch(r"97[89]\d{10}", book["ISBN"]), book["title"]
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(book["ISBN"])) % 10 == 0, book["title"]
    assert max(Counter(book["ISBN"] for book in books).values()) == 1


def test_every_price_is_a_sum_of_money(books: list[Book]) -> None:
    """Every price is positive and has at most two decimals."""
    for book in books:
        price = Decimal(book["price"])
        assert price > 0, book["title"]
        assert price == price.quantize(Decimal("0.01")), book["title"]


def test_every_quantity_is_a_stock(books: list[Book]) -> None:
    """No quantity is below zero, and some book is out of stock so that the shop shows it."""
    assert all(isinstance(book["quantity"], int) and book["quantity"] >= 0 for book in books)
    assert any(book["quantity"] == 0 for book in books)


def test_every_field_fits_its_column(books: list[Book]) -> None:
    """Every text is there, trimmed, and no longer than its column."""
    for book in books:
        fields = {name: value for name, value in book.items() if isinstance(value, str)}
        assert all(value and value == value.strip() for value in fields.values()), book["title"]
        assert all(len(fields[name]) <= limit for name, limit in LIMITS), book["title"]


def test_every_description_is_two_to_four_sentences(books: list[Book]) -> None:
    """Every description is two to four sentences, and none is used twice."""
    for book in books:
        assert 2 <= len(re.findall(r"[.!?](?=\s|$)", book["description"])) <= 4, book["title"]
    assert len({book["description"] for book in books}) == len(books)


def test_covers_are_up_to_date(books: list[Book]) -> None:
    """Every book has its cover, as it would be drawn today, and no cover is left over."""
    assert stale(draw_all(books), IMAGES) == []


def test_check_names_the_covers_that_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails naming a changed file, and passes once the covers are drawn again."""
    arguments = ["--out", str(tmp_path)]
    assert main(arguments) == 0
    changed = min(tmp_path.iterdir())
    changed.write_text("<svg/>", encoding="utf-8")
    assert main([*arguments, "--check"]) == 1
    assert changed.name in capsys.readouterr().err
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0


def test_every_cover_shows_its_title_and_author(books: list[Book], covers: dict[str, str]) -> None:
    """Every cover is well-formed and shows each word of the title and of the authors."""
    for book in books:
        words = {word.rstrip(":") for word in f"{book['title']} {book['authors']}".split()}
        assert words <= {word.rstrip(":") for word in visible_words(covers[book["ISBN"]])}, book["title"]


def test_covers_load_nothing_and_run_nothing(covers: dict[str, str]) -> None:
    """A cover is small, holds no script or style, and names no address but the namespace of SVG."""
    for isbn, cover in covers.items():
        assert len(cover.encode()) < 6000, isbn
        bare = cover.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
        assert not re.search(r"//|data:|@import|<(script|style|image|foreignObject)|\son\w+=", bare), isbn
        assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', bare)), isbn
        assert all(link.startswith("#") for link in re.findall(r"url\(([^)]*)\)", bare)), isbn


def test_no_two_covers_are_alike(covers: dict[str, str]) -> None:
    """No two books share a drawing."""
    assert len(set(covers.values())) == len(covers)
