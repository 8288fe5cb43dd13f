"""The covers are up to date, safe to embed, and show the title and the authors."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from catalogue.books import Book, read_books
from catalogue.covers.__main__ import main
from catalogue.covers.drawing import draw_covers
from catalogue.covers.files import COVERS_FOLDER, outdated_covers

SVG = "{http://www.w3.org/2000/svg}"

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def books() -> list[Book]:
    """Return the books of the catalogue."""
    return read_books()


@pytest.fixture(scope="module")
def covers(books: list[Book]) -> dict[str, str]:
    """Return the committed covers by ISBN."""
    return {book.isbn: (COVERS_FOLDER / book.cover_name).read_text(encoding="utf-8") for book in books}


def visible_words(cover: str) -> set[str]:
    """Return the words that a cover shows."""
    texts = ET.fromstring(cover).iter(f"{SVG}text")  # noqa: S314 - a file of our own
    return {word for text in texts for line in text.itertext() for word in line.split()}


def test_covers_are_up_to_date(books: list[Book]) -> None:
    """The committed files are exactly the covers that the generator draws."""
    assert outdated_covers(draw_covers(books), COVERS_FOLDER) == []


def test_the_check_lists_the_outdated_covers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails with the name of a changed file, and passes when the covers are drawn again."""
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
        words = {word.rstrip(":") for word in f"{book.title} {book.authors}".split()}
        assert words <= {word.rstrip(":") for word in visible_words(covers[book.isbn])}, book.title


def test_covers_load_nothing_and_run_nothing(covers: dict[str, str]) -> None:
    """A cover is small, contains no script and no style, and no address but the namespace of SVG."""
    for isbn, cover in covers.items():
        assert len(cover.encode()) < 6000, isbn
        bare = cover.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
        assert not re.search(r"//|data:|@import|<(script|style|image|foreignObject)|\son\w+=", bare), isbn
        assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', bare)), isbn
        assert all(link.startswith("#") for link in re.findall(r"url\(([^)]*)\)", bare)), isbn


def test_no_two_covers_are_equal(covers: dict[str, str]) -> None:
    """Each book has its own drawing."""
    assert len(set(covers.values())) == len(covers)
