"""Fills the shelves from `catalogue.json`."""

import json
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Integer, String, column, insert, select, table

from database.engine import Database, retry_transaction
from database.folding import search_text, title_key
from database.types import Money

CATALOGUE = Path(__file__).parent / "catalogue.json"

BOOKS = table(
    "Books",
    *(column(name, String()) for name in ("title", "description", "ISBN", "authors", "publishers", "format", "genre")),
    column("price", Money()),
    column("quantity", Integer()),
    *(column(name, String()) for name in ("url", "search_text", "title_key")),
)


@retry_transaction
def seed(database: Database, catalogue: Path = CATALOGUE) -> int:
    """Adds the catalogue's books that are not there yet, by ISBN; answers how many. Those that are stay as they are."""
    books = json.loads(catalogue.read_text("utf-8"))
    with database.write() as transaction:
        known = set(transaction.execute(select(BOOKS.c.ISBN)).scalars())
        rows = [_row(book) for book in books if book["ISBN"] not in known]
        if rows:
            transaction.execute(insert(BOOKS), rows)
        transaction.commit()
    return len(rows)


def _row(book: dict[str, str]) -> dict[str, object]:
    return {
        **book,
        "price": Decimal(book["price"]),
        "url": f"/images/books/{book['ISBN']}.svg",
        "search_text": search_text(book["title"], book["authors"], book["ISBN"]),
        "title_key": title_key(book["title"]),
    }
