"""Reads books."""

from collections.abc import Iterable
from typing import Any

from database.engine import Database
from mesh.errors import NotFound
from svc_books.rules import Book, BookFilters, BookPage, BookSort, GenreCount, GenreOverview, like_pattern
from svc_books.store.statements import SELECT_BOOK, SELECT_BOOKS, SELECT_GENRES, SELECT_PRICE_RANGE, list_statements


class BookStore:
    """Reads books and genres.

    Args:
        database: the database with the books.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, book_id: int) -> Book:
        """Return the book with this id.

        Raises:
            NotFound: no book has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(SELECT_BOOK, {"id": book_id}).one_or_none()
        if row is None:
            raise NotFound("Book was not found.", "BOOK_NOT_FOUND")
        return Book(*row)

    def get_many(self, book_ids: Iterable[int]) -> list[Book]:
        """Return the books with these ids, sorted by id. Ids without a book are left out."""
        with self._database.read() as connection:
            rows = connection.execute(SELECT_BOOKS, {"ids": sorted(set(book_ids))}).all()
        return [Book(*row) for row in rows]

    def page(self, filters: BookFilters, sort: BookSort, offset: int, limit: int) -> BookPage:
        """Return at most `limit` of the books that match the filters, after the first `offset` ones."""
        values = _filter_values(filters)
        select_page, select_count = list_statements(frozenset(values), sort)
        with self._database.read() as connection:
            rows = connection.execute(select_page, {**values, "limit": limit, "offset": offset}).all()
            total_size = rows[0][-1] if rows else connection.execute(select_count, values).scalar_one()
        return BookPage([Book(*row[:-1]) for row in rows], total_size)

    def genres(self) -> GenreOverview:
        """Return all genres with the number of their books, and the range of prices."""
        with self._database.read() as connection:
            genres = connection.execute(SELECT_GENRES).all()
            lowest, highest = connection.execute(SELECT_PRICE_RANGE).one()
        return GenreOverview([GenreCount(*row) for row in genres], lowest, highest)


def _filter_values(filters: BookFilters) -> dict[str, Any]:
    values = {
        "genre": filters.genre,
        "min_price": filters.min_price,
        "max_price": filters.max_price,
        "pattern": None if filters.search is None else like_pattern(filters.search),
        "min_quantity": 1 if filters.in_stock else None,
    }
    return {name: value for name, value in values.items() if value is not None}
