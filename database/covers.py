"""Draws a cover for every book of the catalogue: `python -m database.covers [--out DIR] [--check]`."""

import argparse
import json
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TypedDict
from xml.sax.saxutils import escape

from database.cover_figures import ORNAMENTS
from database.cover_layouts import LAYOUTS, Cover, footer, ground
from database.cover_ornaments import Chance, Palette
from database.cover_palettes import CHOSEN, GENRES, House

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "database" / "catalogue.json"
IMAGES = ROOT / "frontend" / "public" / "images" / "books"


class Book(TypedDict):
    """A book as the catalogue file has it."""

    title: str
    authors: str
    publishers: str
    ISBN: str
    format: str
    genre: str
    price: str
    quantity: int
    description: str


def read_catalogue(path: Path = CATALOGUE) -> list[Book]:
    """Return the books of the catalogue in its order."""
    books: list[Book] = json.loads(path.read_text(encoding="utf-8"))
    return books


def house(genre: str) -> House:
    """Return the palettes and ornaments of a genre; one we have not met borrows another's."""
    names = sorted(GENRES)
    return GENRES[genre if genre in GENRES else names[sha256(genre.encode()).digest()[0] % len(names)]]


def draw(book: Book, place: int) -> str:
    """Draw the cover of a book, given its place among the books of its genre."""
    # The place, not the hash, picks layout, palette and ornament: a hash would give two neighbours the same.
    chance, own = Chance(sha256(book["ISBN"].encode()).digest()), house(book["genre"])
    colours = Palette(*(f"#{code}" for code in own.palettes[place % len(own.palettes)].split()))
    named = CHOSEN.get(book["ISBN"], own.ornaments[place % len(own.ornaments)])
    title, _, subtitle = book["title"].partition(": ")
    cover = Cover(title, subtitle, book["authors"], book["genre"], colours, ORNAMENTS[named](colours, chance))
    layout = LAYOUTS[(place + own.first) % len(LAYOUTS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600" width="400" height="600" role="img">'
        f"<title>{escape(book['title'])}, {escape(book['authors'])}</title>"
        f"{ground(colours.paper)}{layout(cover)}{footer(cover)}</svg>\n"
    )


def draw_all(books: list[Book]) -> dict[str, str]:
    """Return the covers by the name of their file."""
    met: Counter[str] = Counter()
    covers = {}
    for book in books:
        covers[f"{book['ISBN']}.svg"] = draw(book, met[book["genre"]])
        met[book["genre"]] += 1
    return covers


def stale(covers: dict[str, str], out: Path) -> list[str]:
    """Return the names of files that are missing, or differ from what would be drawn, or belong to no book."""
    there = {path.name: path.read_text(encoding="utf-8") for path in out.glob("*.svg")}
    return sorted(name for name in covers.keys() | there.keys() if covers.get(name) != there.get(name))


def write(covers: dict[str, str], out: Path) -> None:
    """Write the covers."""
    out.mkdir(parents=True, exist_ok=True)
    for name, drawing in covers.items():
        (out / name).write_text(drawing, encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """Draw the covers, or say which files are not as they would be drawn."""
    parser = argparse.ArgumentParser(prog="database.covers", description="Draw the covers of the catalogue.")
    parser.add_argument("--out", type=Path, default=IMAGES, help="where the covers are")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options = parser.parse_args(arguments)
    covers = draw_all(read_catalogue())
    if not options.check:
        write(covers, options.out)
        return 0
    names = stale(covers, options.out)
    sys.stderr.write("".join(f"{name} is not as it would be drawn\n" for name in names))
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
