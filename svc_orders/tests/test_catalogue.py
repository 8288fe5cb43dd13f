"""Books are asked for in as few calls as can be, and never remembered."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from mesh.context import CallContext, current_call
from mesh.errors import NotFound
from svc_orders.catalogue import Catalogue
from svc_orders.tests.conftest import PATIENCE, BooksError, FakeBooks, wait_until

pytestmark = pytest.mark.unit


class SlowBooks(FakeBooks):
    """Answers the first call when it is told to; notes on whose behalf it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.free = threading.Event(), threading.Event()
        self.behalf: list[str | None] = []

    def GetBook(self, request: pb.GetBookRequest) -> pb.GetBookResponse:  # noqa: N802 - the stub's name
        """Waits."""
        self._note()
        self.called.set()
        assert self.free.wait(PATIENCE)
        return super().GetBook(request)

    def BatchGetBooks(self, request: pb.BatchGetBooksRequest) -> pb.BatchGetBooksResponse:  # noqa: N802 - the stub's name
        """Does not."""
        self._note()
        return super().BatchGetBooks(request)

    def _note(self) -> None:
        call = current_call.get()
        self.behalf.append(call.request_id if call else None)


def catalogue(books: FakeBooks) -> Catalogue:
    """What Orders sees of them."""
    return Catalogue(cast("books_pb2_grpc.BooksStub", books))


def test_a_book_that_is_asked_for_alone_is_one_plain_call(books: FakeBooks) -> None:
    """Each time: the price may have changed since."""
    books.add(7, price="10.99")
    shelf = catalogue(books)
    assert shelf.book(7).price == "10.99"
    books.add(7, price="11.99")
    assert shelf.book(7).price == "11.99"
    assert books.asked == [(7,), (7,)]


def test_books_asked_for_at_the_same_time_are_one_call() -> None:
    """Each once in the call, on nobody's behalf; one that does not exist spoils nothing."""
    books = SlowBooks()
    for book_id in (1, 2, 3):
        books.add(book_id)
    shelf = catalogue(books)

    def ask(book_id: int) -> int | str:
        current_call.set(CallContext(request_id=f"for-{book_id}", deadline=None))
        try:
            return shelf.book(book_id).book_id
        except NotFound as error:
            return error.message

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, 1)
        assert books.called.wait(PATIENCE)
        others = [pool.submit(ask, book_id) for book_id in (3, 2, 99, 3)]
        wait_until(lambda: shelf._asked.waiting == len(others))
        books.free.set()
        assert first.result(PATIENCE) == 1
        assert [other.result(PATIENCE) for other in others] == [3, 2, "Book was not found.", 3]
    assert (books.asked, books.behalf) == ([(1,), (2, 3, 99)], ["for-1", None])


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_no_answer_is_not_taken_for_no_book(books: FakeBooks, code: grpc.StatusCode) -> None:
    """It is told as what it is, and the next call may work."""
    shelf = catalogue(books)
    books.add(7)
    books.failing = code
    with pytest.raises(BooksError):
        shelf.book(7)
    books.failing = None
    assert shelf.book(7).book_id == 7
