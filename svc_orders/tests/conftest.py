"""An orders service with a fake books service and a clock that tests set."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database, parse_url
from database.tests.rows import add_book, add_user
from mesh.client import Target
from mesh.pools import Pools
from mesh.server import Service
from mesh.testing import Clock, channel_as, running
from svc_orders.__main__ import create_service
from svc_orders.book_client import BookClient
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.servicer import OrdersServicer
from svc_orders.store.orders import OrderStore
from svc_orders.store.outbox import OutboxStore

if TYPE_CHECKING:
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub  # exists for type checkers only


class BooksError(grpc.RpcError, grpc.Call):
    """A call to the books service that failed with a status code and no details."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__()
        self._code = code

    def code(self) -> grpc.StatusCode:
        """Return the status code."""
        return self._code

    def details(self) -> str:
        """Return no message."""
        return ""

    def trailing_metadata(self) -> tuple[Any, ...]:
        """Return no metadata."""
        return ()

    def initial_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return no metadata."""
        return ()

    def is_active(self) -> bool:
        """Return that the call has ended."""
        return False

    def time_remaining(self) -> float:
        """Return that no time is left."""
        return 0

    def cancel(self) -> bool:
        """Return that the call has ended already."""
        return False

    def add_callback(self, callback: object) -> bool:
        """Return that the call has ended already."""
        return False


@dataclass
class FakeBooks:
    """A books service.

    Args:
        books: the books by id.
        failing: status code of every call, or None to respond.
        requests: the ids of each call.
        taken: the order, book and copies of each decrement that was applied.
    """

    books: dict[int, books_pb2.Book] = field(default_factory=dict)
    failing: grpc.StatusCode | None = None
    requests: list[tuple[int, ...]] = field(default_factory=list)
    taken: list[tuple[int, int, int]] = field(default_factory=list)

    async def GetBook(self, request: books_pb2.GetBookRequest) -> books_pb2.GetBookResponse:  # noqa: N802 - the stub's name
        """Return the book, like the real service."""
        self.requests.append((request.book_id,))
        if self.failing or request.book_id not in self.books:
            raise BooksError(self.failing or grpc.StatusCode.NOT_FOUND)
        return books_pb2.GetBookResponse(book=self.books[request.book_id])

    async def BatchGetBooks(self, request: books_pb2.BatchGetBooksRequest) -> books_pb2.BatchGetBooksResponse:  # noqa: N802 - the stub's name
        """Return the existing books among the ids."""
        self.requests.append(tuple(request.book_ids))
        if self.failing:
            raise BooksError(self.failing)
        books = [self.books[book_id] for book_id in request.book_ids if book_id in self.books]
        return books_pb2.BatchGetBooksResponse(books=books)

    async def BatchDecrement(self, request: books_pb2.BatchDecrementRequest) -> books_pb2.BatchDecrementResponse:  # noqa: N802 - the stub's name
        """Take the copies of each order, like the real service."""
        if self.failing:
            raise BooksError(self.failing)
        return books_pb2.BatchDecrementResponse(responses=map(self._decrement, request.requests))

    def _decrement(self, request: books_pb2.DecrementRequest) -> books_pb2.DecrementResponse:
        movement = request.order_id, request.book_id, request.quantity
        if movement not in self.taken:
            book = self.books[request.book_id]
            if request.quantity > book.quantity:
                return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_REJECTED)
            book.quantity -= request.quantity
            self.taken.append(movement)
        return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_APPLIED)

    def add(self, book_id: int, price: str = "10.99", quantity: int = 5) -> None:
        """Add a book, or replace it."""
        book = books_pb2.Book(book_id=book_id, title="Dune", authors="Frank Herbert", price=price, quantity=quantity)
        book.url = "/images/books/9780441013593.svg"
        self.books[book_id] = book


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the service."""
    return Clock(datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC))


@pytest.fixture
def books() -> FakeBooks:
    """Return the books service that the orders service calls."""
    return FakeBooks()


@pytest.fixture
def user(file_database: Database) -> int:
    """Return the id of a user."""
    return add_user(file_database)


@pytest.fixture
def book(file_database: Database, books: FakeBooks) -> int:
    """Return the id of a book in the database and in the books service."""
    book_id = add_book(file_database)
    books.add(book_id)
    return book_id


@pytest.fixture
def signal() -> EventSignal:
    """Return the signal of the service."""
    return EventSignal()


@pytest.fixture
def target(file_database: Database, books: FakeBooks, clock: Clock, signal: EventSignal) -> Iterator[Target]:
    """Run the service."""
    store, pools = OrderStore(file_database), Pools()
    servicer = OrdersServicer(
        store,
        pools,
        Outbox(OutboxStore(file_database), signal, clock, run=pools.writes.run),
        signal,
        BookClient(cast("BooksAsyncStub", books)),
        clock,
    )
    service = Service(
        "orders",
        orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        on_stop=signal.close,
        pools=pools,
    )
    with running(service) as started:
        yield started


@pytest.fixture
def orders(target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """Return a stub that calls the service as the tester."""
    with channel_as("tester", target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)


@pytest.fixture
def as_worker(target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """Return a stub that calls the service as the worker."""
    with channel_as("worker", target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)


@pytest.fixture(scope="session")
def refusing_target() -> Iterator[Target]:
    """Run a service without tables, for requests that are refused before they reach the database."""
    database = Database(parse_url("sqlite:///:memory:"))
    books = cast("BooksAsyncStub", FakeBooks())
    with running(create_service(database, EventSignal(), books, Pools(), has_broker=False)) as started:
        yield started
    database.close()


@pytest.fixture(scope="session")
def refusing_orders(refusing_target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """Return a stub that calls the service without tables as the tester."""
    with channel_as("tester", refusing_target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)


@pytest.fixture(scope="session")
def refusing_worker_orders(refusing_target: Target) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """Return a stub that calls the service without tables as the worker."""
    with channel_as("worker", refusing_target) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)
