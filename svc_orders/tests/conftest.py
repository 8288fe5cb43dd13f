"""An orders service with a catalogue of its own making and a clock that is moved by hand."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database
from database.tests.rows import add_book, add_user
from mesh.client import Target
from mesh.server import Service
from mesh.testing import channel_as, running
from svc_orders.catalogue import Catalogue
from svc_orders.outbox import Bell, Outbox
from svc_orders.servicer import OrdersServicer
from svc_orders.store import OrderStore

PATIENCE = 30.0
"""Seconds that a test waits for what has to happen."""


def wait_until(condition: Callable[[], object]) -> None:
    """Returns when the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self.now

    def move(self, **by: float) -> None:
        """Moves it on."""
        self.now += timedelta(**by)


class BooksError(grpc.RpcError, grpc.Call):
    """A call to Books that failed with a code and nothing else."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__()
        self._code = code

    def code(self) -> grpc.StatusCode:
        """The code."""
        return self._code

    def details(self) -> str:
        """No words."""
        return ""

    def trailing_metadata(self) -> tuple[Any, ...]:
        """No details."""
        return ()

    def initial_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """None."""
        return ()

    def is_active(self) -> bool:
        """It is over."""
        return False

    def time_remaining(self) -> float:
        """None."""
        return 0

    def cancel(self) -> bool:
        """Too late."""
        return False

    def add_callback(self, callback: object) -> bool:
        """Too late."""
        return False


@dataclass
class FakeBooks:
    """The catalogue that Orders sees: books by id, or a failure for every call; `asked` are the ids of each call."""

    books: dict[int, books_pb2.Book] = field(default_factory=dict)
    failing: grpc.StatusCode | None = None
    asked: list[tuple[int, ...]] = field(default_factory=list)

    def GetBook(self, request: books_pb2.GetBookRequest) -> books_pb2.GetBookResponse:  # noqa: N802 - the stub's name
        """The book, as the real service answers it."""
        self.asked.append((request.book_id,))
        if self.failing or request.book_id not in self.books:
            raise BooksError(self.failing or grpc.StatusCode.NOT_FOUND)
        return books_pb2.GetBookResponse(book=self.books[request.book_id])

    def BatchGetBooks(self, request: books_pb2.BatchGetBooksRequest) -> books_pb2.BatchGetBooksResponse:  # noqa: N802 - the stub's name
        """Those of the books that there are."""
        self.asked.append(tuple(request.book_ids))
        if self.failing:
            raise BooksError(self.failing)
        found = [self.books[book_id] for book_id in request.book_ids if book_id in self.books]
        return books_pb2.BatchGetBooksResponse(books=found)

    def add(self, book_id: int, price: str = "10.99", quantity: int = 5) -> None:
        """Puts a book on the shelf."""
        book = books_pb2.Book(book_id=book_id, title="Dune", authors="Frank Herbert", price=price, quantity=quantity)
        book.url = "/images/books/9780441013593.svg"
        self.books[book_id] = book


@pytest.fixture
def clock() -> Clock:
    """The service's clock."""
    return Clock()


@pytest.fixture
def books() -> FakeBooks:
    """The service's catalogue."""
    return FakeBooks()


@pytest.fixture
def user(file_database: Database) -> int:
    """A buyer's id."""
    return add_user(file_database)


@pytest.fixture
def book(file_database: Database, books: FakeBooks) -> int:
    """Id of a book in the database and in the catalogue."""
    book_id = add_book(file_database)
    books.add(book_id)
    return book_id


@pytest.fixture
def bell() -> Bell:
    """The service's bell."""
    return Bell()


@pytest.fixture
def target(file_database: Database, books: FakeBooks, clock: Clock, bell: Bell) -> Iterator[Target]:
    """The running service."""
    stub = cast("books_pb2_grpc.BooksStub", books)
    servicer = OrdersServicer(
        OrderStore(file_database), Outbox(file_database, bell, clock), bell, Catalogue(stub), clock
    )
    service = Service(
        "orders",
        orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        on_stop=bell.close,
    )
    with running(service) as started:
        yield started


@pytest.fixture
def orders(target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """The service, as the tester sees it."""
    with channel_as("tester", target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)


@pytest.fixture
def as_worker(target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """The service, as the worker sees it."""
    with channel_as("worker", target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)
