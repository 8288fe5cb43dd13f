"""Another client that keeps a book's row locked, or a connection that is lost at COMMIT, on a real server."""

from collections.abc import Iterator

import pytest

from database.engine import Database
from database.options import ConnectionOptions
from database.tests.rows import add_book, add_order, add_user, count, lock_book
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import Unavailable
from svc_books.rules import Decrement, Outcome
from svc_books.store.books import BookStore
from svc_books.store.stock import StockStore
from tests.servers.commit_proxy import CommitFault, CommitProxy

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("engine", ["server"], indirect=True)]


@pytest.fixture
def proxy(file_database: Database) -> Iterator[CommitProxy]:
    """Return a proxy in front of the server."""
    with CommitProxy(int(file_database.url.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(file_database: Database, proxy: CommitProxy) -> Iterator[Database]:
    """Return the database through the proxy."""
    url = file_database.url.set(host="127.0.0.1", port=proxy.port)
    database = Database(url, ConnectionOptions(tls="off"))
    yield database
    database.close()


def test_a_locked_book_does_not_delay_the_others(file_database: Database) -> None:
    """A batch with it is refused without taking any copies; then its other members succeed alone."""
    locked, other, user = add_book(file_database), add_book(file_database), add_user(file_database)
    decrements = [Decrement(add_order(file_database, user, book), book, 1) for book in (locked, other, other)]
    store = StockStore(file_database)
    token = current_call.set(CallContext(deadline=deadline_after(1)))
    with file_database.write() as holder:
        lock_book(holder, locked)
        for each in (decrements[:1], decrements):
            with pytest.raises(Unavailable) as refused:
                store.decrement(each)
            assert refused.value.reason == "ROW_LOCKED"
        assert count(file_database, "StockMovements") == 0
        assert [store.decrement([each]) for each in decrements[1:]] == [[Outcome.APPLIED]] * 2
        assert BookStore(file_database).get(locked).quantity == 5
    current_call.reset(token)
    assert store.decrement(decrements[:1]) == [Outcome.APPLIED]
    assert store.decrement(decrements) == [Outcome.APPLIED] * 3


@pytest.mark.parametrize("fault", CommitFault)
def test_a_failed_commit_takes_the_copies_once(
    file_database: Database, through_proxy: Database, proxy: CommitProxy, fault: CommitFault
) -> None:
    """The decrement is repeated, and finds its movement if the first one was stored."""
    book = add_book(file_database, quantity=5)
    order = add_order(file_database, add_user(file_database), book)
    proxy.fault = fault
    assert StockStore(through_proxy).decrement([Decrement(order, book, 2)]) == [Outcome.APPLIED]
    assert (proxy.faults, BookStore(file_database).get(book).quantity) == (1, 3)


@pytest.mark.parametrize(("fault", "left"), [(CommitFault.LOST_BEFORE, 5), (CommitFault.LOST_AFTER, 4)])
def test_removing_stock_is_not_repeated_when_it_may_be_stored(
    file_database: Database, through_proxy: Database, proxy: CommitProxy, fault: CommitFault, left: int
) -> None:
    """Nothing identifies the removal, so the caller has to decide."""
    book = add_book(file_database, quantity=5)
    proxy.fault = fault
    with pytest.raises(Unavailable) as refused:
        StockStore(through_proxy).remove(book, 1)
    assert refused.value.reason == "COMMIT_UNKNOWN"
    assert BookStore(file_database).get(book).quantity == left
