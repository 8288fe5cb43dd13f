"""Orders pass through real processes, on a SQLite file and on a real database server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from sqlalchemy import text
from sqlalchemy.engine import URL

from database.engine import Database
from mesh.client import connect, parse_failure
from mesh.identity import Signer
from mesh.testing import rpc_failure, wait_until
from tests.harness import MESH_SECRET, Product, running_product

pytestmark = pytest.mark.integration

BUYERS, COPIES = 200, 20
TIMEOUT_SECONDS = 60


@pytest.fixture
def product(tmp_path: Path, engine: str, seeded_url: URL, request: pytest.FixtureRequest) -> Iterator[Product]:
    """The services and the worker: on a file without a broker, as with `make run`, and on real servers."""
    settings = {"RABBIT_URL": request.getfixturevalue("broker_url")} if engine == "server" else {}
    with running_product(tmp_path, "books", "orders", "worker", settings=settings, database=seeded_url) as started:
        yield started


@pytest.fixture
def database(product: Product, seeded_url: URL) -> Iterator[Database]:
    """The product's database."""
    database = Database(seeded_url)
    yield database
    database.close()


@pytest.fixture
def orders(product: Product) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """A stub for the orders service, with the tester's identity."""
    with connect(product.target("orders"), Signer("tester", MESH_SECRET)) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)


@pytest.fixture
def books(product: Product) -> Iterator[books_pb2_grpc.BooksStub]:
    """A stub for the books service, with the tester's identity."""
    with connect(product.target("books"), Signer("tester", MESH_SECRET)) as channel:
        yield books_pb2_grpc.BooksStub(channel)


def test_two_hundred_buyers_of_the_last_twenty_copies_get_twenty(
    database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """Exactly 20 orders complete, all others fail or are refused, and the stock ends at 0."""
    add_users(database, BUYERS)
    execute(database, "UPDATE Books SET quantity = :copies WHERE book_id = 1", copies=COPIES)

    def buy(user_id: int) -> int:
        try:
            request = orders_pb2.PlaceOrderRequest(user_id=user_id, book_id=1, quantity=1)
            return orders.PlaceOrder(request, timeout=30).order.order_id
        except grpc.RpcError as error:
            if parse_failure(error).reason != "OUT_OF_STOCK":
                raise
            return 0

    with ThreadPoolExecutor(BUYERS) as pool:
        placed = [order_id for order_id in pool.map(buy, range(1, BUYERS + 1)) if order_id]
    statuses = [wait_for_end(orders, order_id) for order_id in placed]

    assert statuses.count(orders_pb2.ORDER_STATUS_COMPLETED) == COPIES
    assert statuses.count(orders_pb2.ORDER_STATUS_FAILED) == len(placed) - COPIES
    assert books.GetBook(books_pb2.GetBookRequest(book_id=1)).book.quantity == 0
    taken = execute(database, "SELECT sum(quantity) FROM StockMovements WHERE outcome = 'applied'")
    assert taken == COPIES


def test_the_same_event_three_times_takes_the_copies_once(
    database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """An event that is delivered again after it was processed changes neither the stock nor the order."""
    add_users(database, 1)
    before = books.GetBook(books_pb2.GetBookRequest(book_id=2)).book.quantity
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=2, quantity=3)).order
    for _ in range(3):
        assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED
        wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
        execute(database, "UPDATE Outbox SET published_at = NULL, lease_until = '2000-01-01 00:00:00.000000'")
    wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    assert execute(database, "SELECT attempts FROM Outbox") >= 4
    assert books.GetBook(books_pb2.GetBookRequest(book_id=2)).book.quantity == before - 3


def test_an_order_placed_while_the_worker_is_dead_ends_when_it_is_back(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub
) -> None:
    """Nothing is lost when the worker is killed: the orders wait for its successor."""
    add_users(database, 1)
    product.processes["worker"].kill()
    placed = [
        orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=book_id, quantity=1)).order.order_id
        for book_id in (3, 4, 5)
    ]
    execute(
        database, "UPDATE Outbox SET lease_until = '2000-01-01 00:00:00.000000'"
    )  # ends the leases of the killed worker
    product.start("worker")
    assert {wait_for_end(orders, order_id) for order_id in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}


def test_orders_survive_a_restart_of_the_books_service(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub
) -> None:
    """Without Books no order can be placed, one clear code says so, and earlier orders end afterwards."""
    add_users(database, 2)
    product.processes["worker"].stop()
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=6, quantity=1)).order.order_id
    product.processes["books"].kill()
    product.start("worker")
    failure = rpc_failure(orders.PlaceOrder, orders_pb2.PlaceOrderRequest(user_id=2, book_id=6, quantity=1))
    assert failure.code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    product.start("books")
    assert wait_for_end(orders, placed) == orders_pb2.ORDER_STATUS_COMPLETED


def add_users(database: Database, count: int) -> None:
    """Add accounts without a usable password, with ids from 1."""
    with database.write() as transaction:
        statement = "INSERT INTO Users (username, email, password_hash, created_at) VALUES (:n, :e, 'x', '2026-01-01')"
        rows = [{"n": f"buyer {i}", "e": f"buyer{i}@example.org"} for i in range(count)]
        transaction.execute(text(statement), rows)
        transaction.commit()


def execute(database: Database, statement: str, **values: object) -> Any:
    """Run a statement, and return the first value of a query."""
    with database.write() as transaction:
        result = transaction.execute(text(statement), values)
        value = result.scalar() if result.returns_rows else None
        transaction.commit()
    return value


def wait_for_end(orders: orders_pb2_grpc.OrdersStub, order_id: int) -> "orders_pb2.OrderStatus.ValueType":
    """Wait until the order has ended, and return its status."""
    status = orders_pb2.ORDER_STATUS_PENDING

    def ended() -> bool:
        nonlocal status
        status = orders.GetOrder(orders_pb2.GetOrderRequest(order_id=order_id)).order.status
        return status != orders_pb2.ORDER_STATUS_PENDING

    wait_until(ended, TIMEOUT_SECONDS)
    return status
