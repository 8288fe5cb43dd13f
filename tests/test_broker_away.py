"""With a broker that is unreachable or restarts, the product still accepts orders, and every order ends."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pika
import pytest
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from database.engine import Database, parse_url
from mesh.client import connect
from mesh.health import check_service
from mesh.identity import Signer
from mesh.testing import wait_until
from registry.order_messages import ORDER_TOPOLOGY
from tests.harness import MESH_SECRET, Product, running_product
from tests.servers.proxy import TcpProxy
from tests.servers.rabbitmq import Broker
from tests.test_pipeline import add_users, execute, wait_for_end

pytestmark = pytest.mark.integration

Stub = orders_pb2_grpc.OrdersStub


@pytest.fixture
def proxy(rabbit: Broker) -> Iterator[TcpProxy]:
    """The only way to the broker; closed at first."""
    proxy = TcpProxy(rabbit.port)
    yield proxy
    proxy.close()


@pytest.fixture
def product(tmp_path: Path, rabbit: Broker, broker_url: str, proxy: TcpProxy) -> Iterator[Product]:
    """The services and the worker, whose broker is unreachable."""
    url = broker_url.replace(f":{rabbit.port}/", f":{proxy.port}/")
    with running_product(tmp_path, "books", "orders", "worker", settings={"RABBIT_URL": url}) as started:
        yield started


@pytest.fixture
def database(product: Product) -> Iterator[Database]:
    """The product's database, with ten buyers."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    add_users(database, 10)
    yield database
    database.close()


@pytest.fixture
def orders(product: Product) -> Iterator[Stub]:
    """A stub for the orders service, with the tester's identity."""
    with connect(product.target("orders"), Signer("tester", MESH_SECRET)) as channel:
        yield Stub(channel)


def place(orders: Stub, user: int, book: int, request_id: str = "id-1") -> int:
    """Place an order for one copy, and return its id."""
    request = orders_pb2.PlaceOrderRequest(user_id=user, book_id=book, quantity=1)
    return orders.PlaceOrder(request, metadata=(("x-request-id", request_id),)).order.order_id


def log_entries(product: Product, name: str) -> list[dict[str, Any]]:
    """Return the log entries of a process."""
    return [json.loads(line) for line in product.processes[name].log.read_text().splitlines() if line[0] == "{"]


def count_log_lines(product: Product, name: str, event: str) -> int:
    """Return how many times a process has logged an event."""
    return sum(entry["event"] == event for entry in log_entries(product, name))


def test_orders_are_accepted_without_a_broker_and_end_when_it_is_back(
    product: Product, database: Database, orders: Stub, proxy: TcpProxy
) -> None:
    """The service keeps SERVING; both ends log the lost broker once, and again when it is lost a second time."""
    placed = [place(orders, user, 1, f"request-{user}") for user in range(1, 6)]
    wait_until(
        lambda: (
            count_log_lines(product, "orders", "broker lost") == count_log_lines(product, "worker", "broker lost") == 1
        )
    )
    with grpc.insecure_channel(product.addresses["orders"]) as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=""), timeout=5)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert execute(database, "SELECT count(*) FROM Orders WHERE status = 'pending'") == 5
    proxy.open()
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
    wait_until(lambda: count_log_lines(product, "worker", "order") >= 5)
    request_ids = {entry["request_id"] for entry in log_entries(product, "worker") if entry["event"] == "order"}
    assert request_ids == {f"request-{user}" for user in range(1, 6)}
    proxy.close()
    placed = [place(orders, user, 2) for user in range(1, 6)]
    proxy.open()
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
    assert count_log_lines(product, "orders", "broker lost") <= 3


@pytest.mark.parametrize("reachable", [True, False], ids=["broker reachable", "broker unreachable"])
def test_both_ends_stop_in_order(product: Product, proxy: TcpProxy, *, reachable: bool) -> None:
    """Orders and the worker end with status 0 on SIGTERM, with and without a broker, and log no secret."""
    if reachable:
        proxy.open()
        wait_until(
            lambda: (
                count_log_lines(product, "orders", "broker connected")
                == count_log_lines(product, "worker", "broker connected")
                == 1
            )
        )
    else:
        wait_until(
            lambda: (
                count_log_lines(product, "orders", "broker lost")
                == count_log_lines(product, "worker", "broker lost")
                == 1
            )
        )
    password = product.environ["RABBIT_URL"].split(":")[2].split("@")[0]
    for name in ("worker", "orders"):
        process = product.processes[name]
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.log.read_text()
        assert password not in process.log.read_text()


def test_all_orders_of_a_queue_that_is_deleted_end(
    product: Product, orders: Stub, proxy: TcpProxy, rabbit: Broker, vhost: str, database: Database
) -> None:
    """Their messages are lost with the queue; the reconciler sends the orders again."""
    product.processes["worker"].stop()
    product.processes["orders"].stop()
    product.environ["RECONCILE_AFTER_SECONDS"] = "2"
    proxy.open()
    product.start("orders")
    placed = [place(orders, user, 3) for user in range(1, 8)]
    wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    rabbit.manage("DELETE", f"queues/{vhost}/{ORDER_TOPOLOGY.queue}")
    product.start("worker")
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}


def test_a_misconfigured_broker_is_reported_while_orders_are_accepted(
    product: Product, orders: Stub, proxy: TcpProxy, database: Database
) -> None:
    """The virtual host does not exist. The service serves, its part does not, and the log says what to change."""
    product.processes["orders"].stop()
    product.environ["RABBIT_URL"] = product.environ["RABBIT_URL"].rsplit("/", 1)[0] + "/missing"
    proxy.open()
    product.start("orders")
    with grpc.insecure_channel(product.addresses["orders"]) as channel:
        wait_until(lambda: check_service(channel, "broker") == "NOT_SERVING")
        assert check_service(channel, "") == "SERVING"
    assert place(orders, 1, 1) > 0
    (entry,) = [entry for entry in log_entries(product, "orders") if entry["event"] == "broker misconfigured"]
    assert entry["problem"] == "NOT_ALLOWED - vhost missing not found"
    assert execute(database, "SELECT count(*) FROM Orders WHERE status = 'pending'") == 1


@contextmanager
def first_edition_worker(broker_url: str) -> Iterator[list[int]]:
    """Consume and acknowledge every message without ending its order, and yield the ids of these orders."""
    taken: list[int] = []
    stopping = threading.Event()

    def consume() -> None:
        with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
            channel = connection.channel()
            channel.queue_declare("order_queue", durable=True)
            for method, _, body in channel.consume("order_queue", inactivity_timeout=0.1):
                if stopping.is_set():
                    return
                if body is not None:
                    taken.append(json.loads(body)["order_id"])
                    channel.basic_ack(method.delivery_tag)

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        yield taken
    finally:
        stopping.set()
        thread.join()


def test_an_order_that_is_sent_again_reaches_only_our_workers(
    product: Product, orders: Stub, proxy: TcpProxy, broker_url: str, database: Database
) -> None:
    """The worker of the first edition acknowledges messages that it cannot complete; each order is sent again once."""
    for name in ("worker", "orders"):
        product.processes[name].stop()
    product.environ["RECONCILE_AFTER_SECONDS"] = "2"
    proxy.open()
    product.start("orders")
    with first_edition_worker(broker_url) as taken:
        placed = [place(orders, user, 4) for user in range(1, 9)]
        wait_until(lambda: sorted(taken) == placed)
        product.start("worker")
        assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
    assert execute(database, "SELECT max(resent) FROM Outbox") == 1
