"""The product as processes with a broker that is away, or restarts: people buy on, and everything ends."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from database.engine import Database, parse_url
from mesh.client import connect
from mesh.identity import Signer
from svc_orders.__main__ import ORDERS as ORDERS_OF_THE_SERVICE
from tests.harness import MESH_SECRET, Product, running
from tests.servers.gate import Gate
from tests.servers.rabbitmq import Broker
from tests.test_pipeline import add_users, execute, wait_for, wait_for_end
from worker.queue import ORDERS as ORDERS_OF_THE_WORKER

pytestmark = pytest.mark.integration

Stub = orders_pb2_grpc.OrdersStub


@pytest.fixture
def gate(rabbit: Broker) -> Iterator[Gate]:
    """The way to the broker; closed at first."""
    door = Gate(rabbit.port)
    yield door
    door.close()


@pytest.fixture
def product(tmp_path: Path, rabbit: Broker, broker_url: str, gate: Gate) -> Iterator[Product]:
    """Services and worker; their broker is away."""
    url = broker_url.replace(f":{rabbit.port}/", f":{gate.port}/")
    with running(tmp_path, "books", "orders", "worker", settings={"RABBIT_URL": url}) as started:
        yield started


@pytest.fixture
def database(product: Product) -> Iterator[Database]:
    """The product's database, seen from outside."""
    opened = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    add_users(opened, 10)
    yield opened
    opened.close()


@pytest.fixture
def orders(product: Product) -> Iterator[Stub]:
    """The orders service, as the tester sees it."""
    with connect(product.target("orders"), Signer("tester", MESH_SECRET)) as channel:
        yield Stub(channel)


def place(orders: Stub, user: int, book: int, request_id: str = "id-1") -> int:
    """Buys a copy; answers the order's id."""
    request = orders_pb2.PlaceOrderRequest(user_id=user, book_id=book, quantity=1)
    return orders.PlaceOrder(request, metadata=(("x-request-id", request_id),)).order.order_id


def lines(product: Product, name: str) -> list[dict[str, Any]]:
    """What a process has logged."""
    return [json.loads(line) for line in product.processes[name].log.read_text().splitlines() if line[0] == "{"]


def count_log_lines(product: Product, name: str, event: str) -> int:
    """How often a process has logged that."""
    return sum(line["event"] == event for line in lines(product, name))


def test_both_ends_of_the_queue_know_the_same_names() -> None:
    """They may not import each other; each has the contract's names."""
    assert ORDERS_OF_THE_SERVICE == ORDERS_OF_THE_WORKER


def test_orders_are_accepted_without_a_broker_and_end_when_it_comes(
    product: Product, database: Database, orders: Stub, gate: Gate
) -> None:
    """The service still serves, both ends say once that the broker is away, and again when it goes a second time."""
    placed = [place(orders, user, 1, f"request-{user}") for user in range(1, 6)]
    wait_for(
        lambda: (
            count_log_lines(product, "orders", "broker lost") == count_log_lines(product, "worker", "broker lost") == 1
        )
    )
    with grpc.insecure_channel(product.addresses["orders"]) as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=""), timeout=5)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert execute(database, "SELECT count(*) FROM Orders WHERE status = 'pending'") == 5
    gate.open()
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
    wait_for(lambda: count_log_lines(product, "worker", "order") >= 5)
    worked = {line["request_id"] for line in lines(product, "worker") if line["event"] == "order"}
    assert worked == {f"request-{user}" for user in range(1, 6)}
    gate.close()
    placed = [place(orders, user, 2) for user in range(1, 6)]
    gate.open()
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
    assert count_log_lines(product, "orders", "broker lost") <= 3


@pytest.mark.parametrize("broker_there", [True, False], ids=["broker there", "broker away"])
def test_both_ends_stop_in_order(product: Product, gate: Gate, *, broker_there: bool) -> None:
    """Whether the broker answers or not; and no secret was logged."""
    if broker_there:
        gate.open()
        wait_for(
            lambda: (
                count_log_lines(product, "orders", "broker connected")
                == count_log_lines(product, "worker", "broker connected")
                == 1
            )
        )
    else:
        wait_for(
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
    product: Product, orders: Stub, gate: Gate, rabbit: Broker, vhost: str, database: Database
) -> None:
    """Their messages are gone with it; the orders are sent again when their time is over."""
    product.processes["worker"].stop()
    product.processes["orders"].stop()
    product.environ["RECONCILE_AFTER_SECONDS"] = "2"
    gate.open()
    product.start("orders")
    placed = [place(orders, user, 3) for user in range(1, 8)]
    wait_for(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    rabbit.manage("DELETE", f"queues/{vhost}/{ORDERS_OF_THE_SERVICE.queue}")
    product.start("worker")
    assert {wait_for_end(orders, order) for order in placed} == {orders_pb2.ORDER_STATUS_COMPLETED}
