"""Connections, transactions and retries on SQLite, in memory and in a file."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError, InternalError, OperationalError

from database.config import Config
from database.engine import MAX_ATTEMPTS, Database, DatabaseUrlError, parse_url, retry_transaction
from database.tests.rows import add_book, count, execute
from mesh.env import ConfigError
from mesh.errors import Unavailable

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class DriverError(Exception):
    """An error of a driver, which a number identifies."""

    def __init__(self, errno: int) -> None:
        super().__init__(f"error {errno}")
        self.errno = errno


def failing(kind: Callable[..., DBAPIError], errno: int, times: int) -> tuple[Callable[[], str], list[int]]:
    """Return a retried transaction that fails a number of times, and the list of its attempts."""
    attempts: list[int] = []

    def transaction() -> str:
        attempts.append(errno)
        if len(attempts) <= times:
            raise kind("UPDATE", {}, DriverError(errno))
        return "done"

    return retry_transaction(transaction, sleep=lambda _: None), attempts


@pytest.mark.unit
@pytest.mark.parametrize(("kind", "errno"), [(InternalError, 1213), (DatabaseError, 1205)])
def test_a_transaction_that_lost_against_another_is_repeated(kind: type[DBAPIError], errno: int) -> None:
    """Deadlocks and lock waits are retried, whatever exception class the driver raises for them."""
    transaction, attempts = failing(kind, errno, times=2)
    assert transaction() == "done"
    assert len(attempts) == 3


@pytest.mark.unit
@pytest.mark.parametrize("errno", [1062, 2013, 1146])
def test_other_failures_are_not_retried(errno: int) -> None:
    """A duplicate key, a lost connection and a missing table are raised at once."""
    transaction, attempts = failing(OperationalError, errno, times=1)
    with pytest.raises(OperationalError):
        transaction()
    assert len(attempts) == 1


@pytest.mark.unit
def test_the_number_of_attempts_is_limited() -> None:
    """After the last attempt the caller gets one sentence, and the log the error."""
    transaction, attempts = failing(InternalError, 1213, times=MAX_ATTEMPTS)
    with pytest.raises(Unavailable, match=r"^The database is too busy\.$") as refused:
        transaction()
    assert isinstance(refused.value.__cause__, InternalError)
    assert len(attempts) == MAX_ATTEMPTS


@pytest.mark.unit
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2@host/shop",
        "ann:hunter2@host",
        "mysql+mysqlconnector://ann:hunter2@host:port/shop",
        "mysql://ann:hunter2@host/shop",
        "mysql+pymysql://ann:hunter2@host/shop",
        "nonsense+x://ann:hunter2@host/shop",
        "hunter2",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    """For another database, another driver, and text that is no URL, one sentence names the setting."""
    with pytest.raises(DatabaseUrlError, match=r"^dbURL must look like sqlite:///") as refused:
        parse_url(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.unit
@pytest.mark.parametrize("url", ["sqlite:///data/a.db", "mysql+mysqlconnector://a:b@h/n"])
def test_the_urls_of_the_documentation_are_accepted(url: str) -> None:
    """Both forms of the README work."""
    assert parse_url(url).render_as_string(hide_password=False) == url


@pytest.mark.unit
def test_the_default_is_a_file() -> None:
    """No setting is required."""
    config = Config.from_env({})
    assert (str(config.url), config.options.pool_size) == ("sqlite:///data/bookstore.db", 16)
    with pytest.raises(ConfigError, match=r"^DB_POOL_SIZE "):
        Config.from_env({"DB_POOL_SIZE": "0"})


@pytest.mark.unit
def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    """A file in the place of the folder is reported in one sentence."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseUrlError, match=r"^dbURL: "):
        Database(parse_url(f"sqlite:///{tmp_path}/data/deep/shop.db"))


def test_leaving_a_transaction_without_a_commit_rolls_it_back(any_database: Database) -> None:
    """Only a commit stores rows: neither leaving the block nor an error in it does."""
    statement = text(
        "INSERT INTO Users (username, email, password_hash, created_at) VALUES ('a', 'a', 'a', '2025-08-12')"
    )
    with any_database.write() as transaction:
        transaction.execute(statement)
    with pytest.raises(ZeroDivisionError), any_database.write() as transaction:
        _ = transaction.execute(statement).rowcount / 0
    assert count(any_database, "Users") == 0
    with any_database.write() as transaction:
        transaction.execute(statement)
        transaction.commit()
    assert count(any_database, "Users") == 1


def test_foreign_keys_are_enforced(any_database: Database) -> None:
    """SQLite checks them only if the connection turns that on."""
    with pytest.raises(DBAPIError, match="FOREIGN KEY"):
        execute(any_database, "INSERT INTO StockMovements VALUES (99, 1, 1, 'applied')")


def test_stock_below_zero_is_refused_by_the_database(any_database: Database) -> None:
    """The check constraint prevents overselling even if the application has a bug."""
    book = add_book(any_database, quantity=1)
    with pytest.raises(DBAPIError, match="ck_Books_quantity"):
        execute(any_database, "UPDATE Books SET quantity = -1 WHERE book_id = :book", book=book)


@pytest.mark.integration
@on_sqlite
def test_every_connection_to_a_file_is_set_up(file_database: Database) -> None:
    """Each connection of the pool has WAL, full synchronisation, foreign keys and a busy timeout."""
    with file_database.read() as one, file_database.read() as two:
        for connection in (one, two):
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            values = [connection.execute(text(f"PRAGMA {pragma}")).scalar_one() for pragma in pragmas]
            assert values == ["wal", 2, 1, 10_000]


@pytest.mark.integration
@on_sqlite
def test_a_writer_takes_its_lock_before_it_reads(file_database: Database, tmp_path: Path) -> None:
    """No other transaction can write between its read and its write, which would fail it with BUSY_SNAPSHOT."""
    book = add_book(file_database, quantity=0)
    others = [file_database, Database(file_database.url)]

    def raise_by_one(database: Database) -> None:
        with database.write() as transaction:
            chosen = {"book": book}
            statement = "SELECT quantity FROM Books WHERE book_id = :book"
            quantity = transaction.execute(text(statement), chosen).scalar_one()
            statement = "UPDATE Books SET quantity = :next WHERE book_id = :book"
            transaction.execute(text(statement), {**chosen, "next": quantity + 1})
            transaction.commit()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(raise_by_one, others * 50))
    others[1].close()
    assert count(file_database, "Books", "quantity = 100") == 1


@pytest.mark.integration
def test_a_reader_does_not_wait_for_a_writer(file_database: Database) -> None:
    """Shoppers can read while an order is being written, and see the last commit."""
    add_book(file_database)
    with file_database.write() as transaction:
        transaction.execute(text("DELETE FROM Books"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(count, file_database, "Books").result(timeout=5) == 1
        transaction.commit()
    assert count(file_database, "Books") == 0


@pytest.mark.integration
def test_a_writer_that_fails_releases_its_lock(file_database: Database) -> None:
    """An error releases the database's lock and the process's own."""
    with pytest.raises(ZeroDivisionError), file_database.write():
        _ = 1 / 0
    done = threading.Event()

    def write() -> None:
        add_book(file_database)
        done.set()

    threading.Thread(target=write, daemon=True).start()
    assert done.wait(5)
