"""A transaction waits no longer than the call that it works for, on SQLite and on a server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from database.engine import Database, retry_transaction
from database.options import ConnectionOptions
from database.tests.rows import add_book, count
from database.transactions.failures import LockWaitError
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import Unavailable

UPDATE_BOOK = text("UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book")

on_server = pytest.mark.parametrize("engine", ["server"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@contextmanager
def call_with(seconds: float) -> Iterator[None]:
    """Work for a call with a deadline."""
    token = current_call.set(CallContext(deadline=deadline_after(seconds)))
    yield
    current_call.reset(token)


def seconds_until_busy(call: Callable[[], object]) -> float:
    """Return the time until the call raises DATABASE_BUSY."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        call()
    assert refused.value.reason == "DATABASE_BUSY"
    return time.monotonic() - began


class LockWait(Exception):
    """The driver's error for a row that remained locked."""

    errno = 1205


@pytest.mark.unit
def test_a_lock_wait_is_not_repeated_beyond_the_deadline() -> None:
    """Another wait takes a second, which a call with half a second left does not have."""
    attempts: list[int] = []

    def transaction() -> None:
        attempts.append(1)
        raise DatabaseError("UPDATE", {}, LockWait())

    with call_with(0.5):
        assert seconds_until_busy(retry_transaction(transaction)) < 0.5
    assert len(attempts) == 1
    with pytest.raises(LockWaitError):
        retry_transaction(wait_for_locks=False)(transaction)()


@on_server
@pytest.mark.integration
def test_a_locked_row_delays_a_writer_until_its_deadline(file_database: Database) -> None:
    """Readers do not wait at all, and other rows can be written."""
    one, other = add_book(file_database), add_book(file_database)

    @retry_transaction
    def update(book: int) -> None:
        with file_database.write() as transaction:
            transaction.execute(UPDATE_BOOK, {"book": book})
            transaction.commit()

    with file_database.write() as holder, call_with(1.5):
        holder.execute(UPDATE_BOOK, {"book": one})
        assert 0.5 < seconds_until_busy(lambda: update(one)) < 1.5
        update(other)
        assert count(file_database, "Books") == 2


@on_server
@pytest.mark.integration
def test_the_server_releases_the_locks_of_a_silent_client(file_database: Database) -> None:
    """It ends a session that is silent in a transaction, and a connection of the pool that it ended is replaced."""
    book = add_book(file_database)
    with file_database.write() as other:
        limits = other.execute(text("SELECT @@wait_timeout, @@net_read_timeout, @@net_write_timeout")).one()
        assert tuple(limits) == (20, 20, 20)
        with file_database.write() as silent:
            for connection in (other, silent):
                connection.exec_driver_sql("SET SESSION wait_timeout = 1")
            silent.execute(UPDATE_BOOK, {"book": book})
            other.close()
            time.sleep(1.2)
            with file_database.write() as transaction:  # with the connection that `other` had
                transaction.execute(UPDATE_BOOK, {"book": book})
                transaction.commit()
            with pytest.raises(Unavailable):
                silent.execute(UPDATE_BOOK, {"book": book})


@on_sqlite
@pytest.mark.integration
def test_a_writer_waits_for_sqlites_lock_until_its_deadline(file_database: Database) -> None:
    """The lock may be held by a thread of the process or by another process."""
    other_process = Database(file_database.url)
    for database in (file_database, other_process):
        with file_database.write(), call_with(0.2):
            assert 0.1 < seconds_until_busy(database.write().__enter__) < 2
    add_book(file_database)
    other_process.close()


@on_server
@pytest.mark.integration
def test_a_probe_needs_no_connection_of_the_pools(file_database: Database) -> None:
    """A service whose connections are all in use is still ready."""
    small = Database(file_database.url, ConnectionOptions(pool_size=1, pool_overflow=0, timeout_seconds=1))
    with small.read(), small.write():
        small.check_ready()
    small.close()
