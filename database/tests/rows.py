"""Inserts rows into any table with plain SQL, because the tests of a service import only its own tables."""

import itertools

from sqlalchemy import Connection, text

from database.engine import Database
from database.folding import search_text, title_key

_numbers = itertools.count(1)


def execute(database: Database, statement: str, **values: object) -> int:
    """Run one statement in its own transaction and return the key of the inserted row."""
    with database.write() as transaction:
        result = transaction.execute(text(statement), values)
        transaction.commit()
        return int(result.lastrowid or 0)


def execute_unchecked(database: Database, statement: str) -> None:
    """Run one statement without checking foreign keys."""
    switch = "PRAGMA foreign_keys =" if database.url.get_backend_name() == "sqlite" else "SET foreign_key_checks ="
    with database.read() as connection:
        for sql in (f"{switch} 0", statement, f"{switch} 1"):
            connection.exec_driver_sql(sql)


def make_broken(database: Database, table: str) -> None:
    """Make each insert into a table fail until the trigger `broken` is dropped."""
    failing = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'disk full'"
    if database.url.get_backend_name() == "sqlite":
        failing = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    execute(database, f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW {failing}")


def count(database: Database, table: str, condition: str = "1 = 1") -> int:
    """Return the number of rows of a table that meet the condition."""
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}")).scalar_one())  # noqa: S608 - only tests call this


def add_user(database: Database, username: str = "ann", email: str | None = None) -> int:
    """Insert a user and return the id."""
    statement = "INSERT INTO Users (username, email, password_hash, created_at) VALUES (:name, :email, 'x', :now)"
    address = email or f"reader{next(_numbers)}@example.org"
    return execute(database, statement, name=username, email=address, now="2025-08-12 22:19:44.000000")


def add_book(
    database: Database,
    title: str = "Dune",
    authors: str = "Frank Herbert",
    genre: str = "Science Fiction",
    price: str = "10.99",
    quantity: int = 5,
) -> int:
    """Insert a book and return the id."""
    isbn = f"978{next(_numbers):010}"
    statement = (
        "INSERT INTO Books (title, description, ISBN, authors, publishers, format, genre, price, quantity, url,"
        " search_text, title_key) VALUES (:title, 'About it.', :isbn, :authors, 'Ace', 'Paperback', :genre, :price,"
        " :quantity, :url, :search_text, :title_key)"
    )
    return execute(
        database,
        statement,
        title=title,
        isbn=isbn,
        authors=authors,
        genre=genre,
        price=price,
        quantity=quantity,
        url=f"/images/books/{isbn}.svg",
        search_text=search_text(title, authors, isbn),
        title_key=title_key(title),
    )


def add_order(database: Database, user_id: int, book_id: int, status: str = "completed") -> int:
    """Insert an order of one copy and return the id."""
    statement = (
        "INSERT INTO Orders (book_id, user_id, price, quantity, status, title, authors, url, order_date, pending_key)"
        " VALUES (:book, :user, '10.99', 1, :status, 'Dune', 'Frank Herbert', '/images/books/1.svg', :now, :key)"
    )
    key = f"{user_id}:{book_id}" if status == "pending" else None
    return execute(
        database, statement, book=book_id, user=user_id, status=status, now="2025-08-12 22:19:44.000000", key=key
    )


def lock_book(connection: Connection, book_id: int) -> None:
    """Lock the row of a book until the transaction ends."""
    connection.execute(text("SELECT book_id FROM Books WHERE book_id = :book FOR UPDATE"), {"book": book_id}).one()
