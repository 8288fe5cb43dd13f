"""Books are read in as few calls as possible and never cached."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from mesh.context import CallContext, current_call
from mesh.errors import NotFound
from mesh.testing import wait_until
from svc_orders.book_client import BookClient
from svc_orders.tests.conftest import BooksError, FakeBooks

pytestmark = pytest.mark.unit

TEST_TIMEOUT_SECONDS = 30.0


class GatedBooks(FakeBooks):
    """A books service that holds single reads until the gate is open, and records the request id of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.gate = threading.Event(), threading.Event()
        self.request_ids: list[str | None] = []

    def GetBook(self, request: pb.GetBookRequest) -> pb.GetBookResponse:  # noqa: N802 - the stub's name
        """Return a book once the gate is open."""
        self._record()
        self.called.set()
        assert self.gate.wait(TEST_TIMEOUT_SECONDS)
        return super().GetBook(request)

    def BatchGetBooks(self, request: pb.BatchGetBooksRequest) -> pb.BatchGetBooksResponse:  # noqa: N802 - the stub's name
        """Return books at once."""
        self._record()
        return super().BatchGetBooks(request)

    def _record(self) -> None:
        call = current_call.get()
        self.request_ids.append(call.request_id if call else None)


def client_of(books: FakeBooks) -> BookClient:
    """Return a client of the fake."""
    return BookClient(cast("books_pb2_grpc.BooksStub", books))


def test_a_single_request_is_a_single_call(books: FakeBooks) -> None:
    """Each request is a new call, because the price may have changed."""
    books.add(7, price="10.99")
    client = client_of(books)
    assert client.get_book(7).price == "10.99"
    books.add(7, price="11.99")
    assert client.get_book(7).price == "11.99"
    assert books.requests == [(7,), (7,)]


def test_concurrent_requests_share_a_call() -> None:
    """The call contains each id once and has no request id; an unknown book affects only its own request."""
    books = GatedBooks()
    for book_id in (1, 2, 3):
        books.add(book_id)
    client = client_of(books)

    def read(book_id: int) -> int | str:
        current_call.set(CallContext(request_id=f"for-{book_id}", deadline=None))
        try:
            return client.get_book(book_id).book_id
        except NotFound as error:
            return error.message

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(read, 1)
        assert books.called.wait(TEST_TIMEOUT_SECONDS)
        others = [pool.submit(read, book_id) for book_id in (3, 2, 99, 3)]
        wait_until(lambda: client._batcher.waiting == len(others))
        books.gate.set()
        assert first.result(TEST_TIMEOUT_SECONDS) == 1
        results = [other.result(TEST_TIMEOUT_SECONDS) for other in others]
    assert results == [3, 2, "Book was not found.", 3]
    assert (books.requests, books.request_ids) == ([(1,), (2, 3, 99)], ["for-1", None])


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_a_failed_call_is_not_an_unknown_book(books: FakeBooks, code: grpc.StatusCode) -> None:
    """The failure is raised as it is, and the next call can succeed."""
    client = client_of(books)
    books.add(7)
    books.failing = code
    with pytest.raises(BooksError):
        client.get_book(7)
    books.failing = None
    assert client.get_book(7).book_id == 7
