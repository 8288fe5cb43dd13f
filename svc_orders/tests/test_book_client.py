"""Books are read in as few calls as possible and never cached."""

import asyncio
from typing import TYPE_CHECKING, cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb

from mesh.context import CallContext, current_call
from mesh.errors import NotFound
from mesh.testing import wait_until_async
from svc_orders.book_client import BookClient
from svc_orders.tests.conftest import BooksError, FakeBooks

if TYPE_CHECKING:
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub  # exists for type checkers only

pytestmark = pytest.mark.unit

TEST_TIMEOUT_SECONDS = 30.0


class GatedBooks(FakeBooks):
    """A books service that holds single reads until the gate is open, and records the request id of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.gate = asyncio.Event(), asyncio.Event()
        self.request_ids: list[str | None] = []

    async def GetBook(self, request: pb.GetBookRequest) -> pb.GetBookResponse:  # noqa: N802 - the stub's name
        """Return a book once the gate is open."""
        self._record()
        self.called.set()
        await self.gate.wait()
        return await super().GetBook(request)

    async def BatchGetBooks(self, request: pb.BatchGetBooksRequest) -> pb.BatchGetBooksResponse:  # noqa: N802 - the stub's name
        """Return books at once."""
        self._record()
        return await super().BatchGetBooks(request)

    def _record(self) -> None:
        call = current_call.get()
        self.request_ids.append(call.request_id if call else None)


def client_of(books: FakeBooks) -> BookClient:
    """Return a client of the fake."""
    return BookClient(cast("BooksAsyncStub", books))


def test_a_single_request_is_a_single_call(books: FakeBooks) -> None:
    """Each request is a new call, because the price may have changed."""
    books.add(7, price="10.99")
    client = client_of(books)
    assert asyncio.run(client.get_book(7)).price == "10.99"
    books.add(7, price="11.99")
    assert asyncio.run(client.get_book(7)).price == "11.99"
    assert books.requests == [(7,), (7,)]


def test_concurrent_requests_share_a_call() -> None:
    """The call contains each id once and has no request id; an unknown book affects only its own request."""
    books = GatedBooks()
    for book_id in (1, 2, 3):
        books.add(book_id)
    client = client_of(books)

    async def read(book_id: int) -> int | str:
        current_call.set(CallContext(request_id=f"for-{book_id}", deadline=None))
        try:
            return (await client.get_book(book_id)).book_id
        except NotFound as error:
            return error.message

    async def read_all() -> list[int | str]:
        first = asyncio.create_task(read(1))
        await books.called.wait()
        others = [asyncio.create_task(read(book_id)) for book_id in (3, 2, 99, 3)]

        async def all_wait() -> bool:
            return client._batcher.waiting == len(others)

        await wait_until_async(all_wait)
        books.gate.set()
        return await asyncio.wait_for(asyncio.gather(first, *others), TEST_TIMEOUT_SECONDS)

    assert asyncio.run(read_all()) == [1, 3, 2, "Book was not found.", 3]
    assert (books.requests, books.request_ids) == ([(1,), (2, 3, 99)], ["for-1", None])


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_a_failed_call_is_not_an_unknown_book(books: FakeBooks, code: grpc.StatusCode) -> None:
    """The failure is raised as it is, and the next call can succeed."""
    client = client_of(books)
    books.add(7)
    books.failing = code
    with pytest.raises(BooksError):
        asyncio.run(client.get_book(7))
    books.failing = None
    assert asyncio.run(client.get_book(7)).book_id == 7
