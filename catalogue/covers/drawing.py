"""Draws the cover of each book of the catalogue as SVG."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from xml.sax.saxutils import escape

from catalogue.books import Book
from catalogue.covers.genres import GENRE_STYLES, ORNAMENT_BY_ISBN, GenreStyle
from catalogue.covers.layouts import LAYOUTS, Cover, background, footer
from catalogue.covers.ornaments import ORNAMENTS
from catalogue.covers.shapes import Palette, Variation


def draw_covers(books: Iterable[Book]) -> dict[str, str]:
    """Return the covers by the names of their files."""
    drawn_per_genre: Counter[str] = Counter()
    covers = {}
    for book in books:
        covers[book.cover_name] = draw_cover(book, drawn_per_genre[book.genre])
        drawn_per_genre[book.genre] += 1
    return covers


def draw_cover(book: Book, position: int) -> str:
    """Return the cover of a book as an SVG document.

    Args:
        book: the book.
        position: the number of books of the same genre before it. It selects layout, palette and ornament; a hash
            of the book would give some neighbours the same ones.
    """
    style = genre_style(book.genre)
    palette = Palette(*(f"#{code}" for code in style.palettes[position % len(style.palettes)].split()))
    draw_ornament = ORNAMENTS[ORNAMENT_BY_ISBN.get(book.isbn, style.ornaments[position % len(style.ornaments)])]
    ornament = draw_ornament(palette, Variation(sha256(book.isbn.encode()).digest()))
    title, _, subtitle = book.title.partition(": ")
    cover = Cover(title, subtitle, book.authors, book.genre, palette, ornament)
    layout = LAYOUTS[(position + style.first_layout) % len(LAYOUTS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600" width="400" height="600" role="img">'
        f"<title>{escape(book.title)}, {escape(book.authors)}</title>"
        f"{background(palette.paper)}{layout(cover)}{footer(cover)}</svg>\n"
    )


def genre_style(genre: str) -> GenreStyle:
    """Return the style of a genre; a genre without one always gets the same style of another genre."""
    if genre in GENRE_STYLES:
        return GENRE_STYLES[genre]
    names = sorted(GENRE_STYLES)
    return GENRE_STYLES[names[sha256(genre.encode()).digest()[0] % len(names)]]
