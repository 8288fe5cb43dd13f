"""Connections, transactions and their repetition, on SQLite in memory and in a file."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError, InternalError, OperationalError

from database.config import Config
from database.engine import ATTEMPTS, Database, DatabaseUrlError, parse_url, retry_transaction
from database.tests.rows import add_book, count, execute
from mesh.env import ConfigError

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class DriverError(Exception):
    """What a driver raises: a number says what it was."""

    def __init__(self, errno: int) -> None:
        super().__init__(f"error {errno}")
        self.errno = errno


def failing(kind: Callable[..., DBAPIError], errno: int, times: int) -> tuple[Callable[[], str], list[int]]:
    """A transaction that fails a number of times, and the list of its attempts."""
    attempts: list[int] = []

    @retry_transaction
    def transaction() -> str:
        attempts.append(errno)
        if len(attempts) <= times:
            raise kind("UPDATE", {}, DriverError(errno))
        return "done"

    return transaction, attempts


@pytest.mark.unit
@pytest.mark.parametrize(("kind", "errno"), [(InternalError, 1213), (DatabaseError, 1205)])
def test_a_transaction_that_lost_to_another_is_done_again(kind: type[DBAPIError], errno: int) -> None:
    """Deadlock and lock wait are repeated until they are over, whichever class the driver gives them."""
    transaction, attempts = failing(kind, errno, times=2)
    assert transaction() == "done"
    assert len(attempts) == 3


@pytest.mark.unit
@pytest.mark.parametrize("errno", [1062, 2013, 1146])
def test_other_failures_are_not_repeated(errno: int) -> None:
    """A duplicate, a lost connection and a missing table are told at once."""
    transaction, attempts = failing(OperationalError, errno, times=1)
    with pytest.raises(OperationalError):
        transaction()
    assert len(attempts) == 1


@pytest.mark.unit
def test_repeating_ends() -> None:
    """A database that is stuck for good is told so."""
    transaction, attempts = failing(InternalError, 1213, times=ATTEMPTS)
    with pytest.raises(InternalError):
        transaction()
    assert len(attempts) == ATTEMPTS


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
    """Another engine, another driver, and no URL at all are one sentence that names the setting."""
    with pytest.raises(DatabaseUrlError, match=r"^dbURL must look like sqlite:///") as refused:
        parse_url(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.unit
@pytest.mark.parametrize("url", ["sqlite:///data/a.db", "mysql+mysqlconnector://a:b@h/n"])
def test_the_urls_of_the_documentation_are_accepted(url: str) -> None:
    """What the README shows works."""
    assert parse_url(url).render_as_string(hide_password=False) == url


@pytest.mark.unit
def test_the_default_is_a_file() -> None:
    """Nothing has to be set."""
    config = Config.from_env({})
    assert (str(config.url), config.options.pool_size) == ("sqlite:///data/bookstore.db", 16)
    with pytest.raises(ConfigError, match=r"^DB_POOL_SIZE "):
        Config.from_env({"DB_POOL_SIZE": "0"})


@pytest.mark.unit
def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    """A file where the folder should be is one sentence, not a stack trace."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseUrlError, match=r"^dbURL: "):
        Database(parse_url(f"sqlite:///{tmp_path}/data/deep/shop.db"))


def test_leaving_a_transaction_without_a_commit_rolls_it_back(any_database: Database) -> None:
    """Nothing is stored by accident: neither by leaving the block nor by an error in it."""
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
    """SQLite checks them only when it is told to."""
    with pytest.raises(DBAPIError, match="FOREIGN KEY"):
        execute(any_database, "INSERT INTO StockMovements VALUES (99, 1, 1, 'applied')")


def test_stock_below_zero_is_refused_by_the_database(any_database: Database) -> None:
    """The last line of defence against selling what is not there."""
    book = add_book(any_database, quantity=1)
    with pytest.raises(DBAPIError, match="ck_Books_quantity"):
        execute(any_database, "UPDATE Books SET quantity = -1 WHERE book_id = :book", book=book)


@pytest.mark.integration
@on_sqlite
def test_every_connection_to_a_file_is_set_up(file_database: Database) -> None:
    """WAL, full synchronisation, foreign keys and a busy timeout hold on each connection of the pool, not the first."""
    with file_database.read() as one, file_database.read() as two:
        for connection in (one, two):
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            found = [connection.execute(text(f"PRAGMA {pragma}")).scalar_one() for pragma in pragmas]
            assert found == ["wal", 2, 1, 10_000]


@pytest.mark.integration
@on_sqlite
def test_a_writer_takes_its_lock_before_it_reads(file_database: Database, tmp_path: Path) -> None:
    """A transaction that reads and then writes cannot be overtaken in between: that would fail it by BUSY_SNAPSHOT."""
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
    """Shoppers read while an order is written, and see what was committed."""
    add_book(file_database)
    with file_database.write() as transaction:
        transaction.execute(text("DELETE FROM Books"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(count, file_database, "Books").result(timeout=5) == 1
        transaction.commit()
    assert count(file_database, "Books") == 0


@pytest.mark.integration
def test_a_writer_that_fails_lets_the_next_one_in(file_database: Database) -> None:
    """Neither the database's lock nor the process's own is kept by an error."""
    with pytest.raises(ZeroDivisionError), file_database.write():
        _ = 1 / 0
    done = threading.Event()

    def write() -> None:
        add_book(file_database)
        done.set()

    threading.Thread(target=write, daemon=True).start()
    assert done.wait(5)
