"""Orders pass through real processes, on a SQLite file and on a real database server."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from sqlalchemy import text

from database.engine import Database, parse_url
from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Message
from mesh.broker.settings import Settings, broker_settings
from mesh.client import connect, parse_failure
from mesh.identity import Signer
from mesh.testing import rpc_failure, wait_until
from tests.harness import MESH_SECRET, Product, running_product
from tests.servers.databases import Databases
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

BUYERS, COPIES = 200, 20
PARTS = ("books", "orders", "worker")
PAST = "2000-01-01 00:00:00.000000"
TIMEOUT_SECONDS = 60


@pytest.fixture(scope="module", params=["sqlite", "server"])
def shared_product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services and the worker: on a file without a broker, as with `make run`, and on real servers."""
    folder = tmp_path_factory.mktemp("pipeline")
    if request.param == "sqlite":
        with running_product(folder, *PARTS) as started:
            yield started
        return
    databases: Databases = request.getfixturevalue("databases")
    rabbit: Broker = request.getfixturevalue("rabbit")
    with rabbit.vhost() as vhost, databases.migrated(seeded=True) as url:
        own_settings = {process: {"RABBIT_URL": url} for process, url in rabbit.create_accounts(vhost).items()}
        with running_product(folder, *PARTS, own_settings=own_settings, database=url) as started:
            yield started


@pytest.fixture
def product(shared_product: Product) -> Iterator[Product]:
    """The shared product; parts that a test has stopped run again afterwards."""
    yield shared_product
    shared_product.start(*(name for name, process in shared_product.processes.items() if not process.is_alive()))


@pytest.fixture
def database(product: Product) -> Iterator[Database]:
    """The product's database."""
    database = Database(parse_url(product.environ.get("dbURL", f"sqlite:///{product.folder}/data/bookstore.db")))
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
    buyers = add_users(database, BUYERS)
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
        placed = [order_id for order_id in pool.map(buy, buyers) if order_id]
    statuses = [wait_for_end(orders, order_id) for order_id in placed]

    assert statuses.count(orders_pb2.ORDER_STATUS_COMPLETED) == COPIES
    assert statuses.count(orders_pb2.ORDER_STATUS_FAILED) == len(placed) - COPIES
    assert books.GetBook(books_pb2.GetBookRequest(book_id=1)).book.quantity == 0
    taken = execute(database, "SELECT sum(quantity) FROM StockMovements WHERE outcome = 'applied' AND book_id = 1")
    assert taken == COPIES


def test_the_same_event_three_times_takes_the_copies_once(
    database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """An event that is delivered again after it was processed changes neither the stock nor the order."""
    (user,) = add_users(database, 1)
    before = books.GetBook(books_pb2.GetBookRequest(book_id=2)).book.quantity
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=user, book_id=2, quantity=3)).order
    for _ in range(3):
        assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED
        wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
        reset = "UPDATE Outbox SET published_at = NULL, lease_until = :past WHERE order_id = :order_id"
        execute(database, reset, past=PAST, order_id=placed.order_id)
    wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    assert execute(database, "SELECT attempts FROM Outbox WHERE order_id = :id", id=placed.order_id) >= 4
    assert books.GetBook(books_pb2.GetBookRequest(book_id=2)).book.quantity == before - 3


def test_an_order_placed_while_the_worker_is_dead_ends_when_it_is_back(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub
) -> None:
    """Nothing is lost when the worker is killed: the orders wait for its successor."""
    (user,) = add_users(database, 1)
    product.processes["worker"].kill()
    placed = [
        orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=user, book_id=book_id, quantity=1)).order.order_id
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
    first, second = add_users(database, 2)
    product.processes["worker"].stop()
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=first, book_id=6, quantity=1)).order.order_id
    product.processes["books"].kill()
    product.start("worker")
    failure = rpc_failure(orders.PlaceOrder, orders_pb2.PlaceOrderRequest(user_id=second, book_id=6, quantity=1))
    assert failure.code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    product.start("books")
    assert wait_for_end(orders, placed) == orders_pb2.ORDER_STATUS_COMPLETED


def test_an_order_that_fails_while_the_worker_holds_it_keeps_no_copies(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """The copies that a worker took before it was killed return to the stock exactly once."""
    first, second = add_users(database, 2)
    before = books.GetBook(books_pb2.GetBookRequest(book_id=7)).book.quantity
    product.processes["worker"].stop()
    placed = [
        orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=user, book_id=7, quantity=2)).order.order_id
        for user in (first, second)
    ]
    with connect(product.target("books"), Signer("worker", MESH_SECRET)) as channel:
        request = books_pb2.DecrementRequest(order_id=placed[0], book_id=7, quantity=2)
        books_pb2_grpc.BooksStub(channel).Decrement(request)
    with connect(product.target("orders"), Signer("worker", MESH_SECRET)) as channel:
        as_worker = orders_pb2_grpc.OrdersStub(channel)
        for order_id in placed:
            as_worker.SetStatus(orders_pb2.SetStatusRequest(order_id=order_id, status=orders_pb2.ORDER_STATUS_FAILED))
    product.start("worker")
    wait_until(lambda: execute(database, "SELECT count(*) FROM PendingReturns") == 0, TIMEOUT_SECONDS)
    assert books.GetBook(books_pb2.GetBookRequest(book_id=7)).book.quantity == before
    outcomes = "SELECT count(*) FROM StockMovements WHERE outcome = 'returned' AND order_id >= :first"
    assert execute(database, outcomes, first=placed[0]) == 2


def test_of_orders_completed_by_hand_only_those_with_copies_are(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """Ten orders for five copies: five are completed, the others fail, and the worker changes nothing about it."""
    buyers = add_users(database, 10)
    execute(database, "UPDATE Books SET quantity = 5 WHERE book_id = 8")
    product.processes["worker"].stop()
    placed = [
        orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=user, book_id=8, quantity=1)).order.order_id
        for user in buyers
    ]

    def complete(order_id: int) -> bool:
        request = orders_pb2.SetStatusRequest(order_id=order_id, status=orders_pb2.ORDER_STATUS_COMPLETED)
        try:
            return as_worker.SetStatus(request).order.status == orders_pb2.ORDER_STATUS_COMPLETED
        except grpc.RpcError as error:
            if parse_failure(error).reason != "ORDER_ENDED":
                raise
            return False

    with connect(product.target("orders"), Signer("worker", MESH_SECRET)) as channel:
        as_worker = orders_pb2_grpc.OrdersStub(channel)
        with ThreadPoolExecutor(10) as pool:
            assert list(pool.map(complete, placed)).count(True) == 5
    product.start("worker")
    wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    statuses = [wait_for_end(orders, order_id) for order_id in placed]
    assert statuses.count(orders_pb2.ORDER_STATUS_COMPLETED) == 5
    assert books.GetBook(books_pb2.GetBookRequest(book_id=8)).book.quantity == 0


def test_a_message_that_differs_from_its_order_takes_no_copies(
    product: Product, database: Database, orders: orders_pb2_grpc.OrdersStub, books: books_pb2_grpc.BooksStub
) -> None:
    """The order is processed by its own event, for its own book and quantity."""
    (user,) = add_users(database, 1)
    cheap, dear = (books.GetBook(books_pb2.GetBookRequest(book_id=book)).book.quantity for book in (9, 10))
    product.processes["worker"].stop()
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=user, book_id=10, quantity=2)).order.order_id
    forged = {"order_id": placed, "book_id": 9, "quantity": cheap}
    publish(product, forged)
    product.start("worker")
    assert wait_for_end(orders, placed) == orders_pb2.ORDER_STATUS_COMPLETED
    assert books.GetBook(books_pb2.GetBookRequest(book_id=9)).book.quantity == cheap
    assert books.GetBook(books_pb2.GetBookRequest(book_id=10)).book.quantity == dear - 2
    if "RABBIT_URL" in product.environ:
        wait_until(lambda: "MISMATCH" in product.processes["worker"].log.read_text())


def publish(product: Product, message: dict[str, int]) -> None:
    """Publish a message as any other client of the broker does; without a broker there is no such client."""
    settings = broker_settings(product.environ)
    if settings is None:
        return

    async def run(broker: Settings) -> None:
        async with connect_to_broker(broker) as channel:
            await channel.publish("orders", "order.new", Message(json.dumps(message).encode()))

    asyncio.run(run(settings))


def add_users(database: Database, count: int) -> list[int]:
    """Add accounts without a usable password, and return their ids; in an empty table these begin with 1."""
    statement = "INSERT INTO Users (username, email, password_hash, created_at) VALUES (:n, :e, 'x', '2026-01-01')"
    first = int(execute(database, "SELECT coalesce(max(user_id), 0) FROM Users")) + 1
    rows = [{"n": f"buyer {i}", "e": f"buyer{i}@example.org"} for i in range(first, first + count)]
    with database.write() as transaction:
        transaction.execute(text(statement), rows)
        ids = transaction.execute(text("SELECT user_id FROM Users WHERE user_id >= :first"), {"first": first})
        users = sorted(ids.scalars())
        transaction.commit()
    return users


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
