"""Adds the books of the catalogue to the database."""

from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Integer, String, column, insert, select, table

from catalogue.books import CATALOGUE_FILE, Book, read_books
from database.engine import Database, retry_transaction
from database.folding import search_text, title_key
from database.locks import exclusive
from database.types import Money

# The columns that the seed fills. The service's own table is not imported: the database depends on no service.
BOOKS = table(
    "Books",
    *(column(name, String()) for name in ("title", "description", "ISBN", "authors", "publishers", "format", "genre")),
    column("price", Money()),
    column("quantity", Integer()),
    *(column(name, String()) for name in ("url", "search_text", "title_key")),
)


@retry_transaction
def seed(database: Database, catalogue: Path = CATALOGUE_FILE) -> int:
    """Add the books whose ISBN is not in the database yet, and return their number.

    Books that exist are not changed. Only one process at a time adds books.
    """
    books = read_books(catalogue)
    with exclusive(database) as transaction:
        existing = set(transaction.execute(select(BOOKS.c.ISBN)).scalars())
        rows = [_row(book) for book in books if book.isbn not in existing]
        if rows:
            transaction.execute(insert(BOOKS), rows)
        transaction.commit()
    return len(rows)


def _row(book: Book) -> dict[str, object]:
    values = asdict(book)
    return {
        "ISBN": values.pop("isbn"),
        **values,
        "url": book.cover_url,
        "search_text": search_text(book.title, book.authors, book.isbn),
        "title_key": title_key(book.title),
    }
