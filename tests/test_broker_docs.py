"""The documented examples for other publishers and consumers work as written, with a running product."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pika
import pytest
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database, parse_url
from mesh.client import connect
from mesh.identity import Signer
from mesh.testing import wait_until
from tests.harness import MESH_SECRET, PROCESS_TIMEOUT_SECONDS, ROOT, Product, running_product
from tests.servers.rabbitmq import Broker
from tests.test_pipeline import add_users, execute, wait_for_end

pytestmark = pytest.mark.integration

DOCUMENT = ROOT / "docs" / "ORDER_PROCESSING_WORKER.md"
BROKER_URL = "amqp://guest:guest@localhost:5672/"
COMMAND = re.compile(r"\$ python (-m worker dead .*)")


@pytest.fixture
def product(tmp_path: Path, broker_url: str) -> Iterator[Product]:
    """The services and the worker, with a broker."""
    with running_product(tmp_path, "books", "orders", "worker", settings={"RABBIT_URL": broker_url}) as started:
        wait_until(lambda: "broker connected" in started.processes["worker"].log.read_text())
        yield started


@pytest.fixture
def orders(product: Product) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """A stub for the orders service, with the tester's identity; user 1 exists."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    add_users(database, 1)
    with connect(product.target("orders"), Signer("tester", MESH_SECRET)) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)
    database.close()


@pytest.fixture
def examples(broker_url: str) -> list[str]:
    """The Python examples, with the URL of the test's broker."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert all(BROKER_URL in block for block in blocks)
    return [block.replace(BROKER_URL, broker_url) for block in blocks]


def test_a_message_published_as_shown_ends_its_order(
    product: Product, orders: orders_pb2_grpc.OrdersStub, examples: list[str], broker_url: str
) -> None:
    """The message with three numbers ends an order whose own message is lost."""
    product.processes["worker"].stop()
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=2, quantity=1)).order
    assert placed.order_id == 1  # as in the example
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    wait_until(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    database.close()
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
        connection.channel().queue_purge("order_queue")
    subprocess.run([sys.executable, "-c", examples[0]], check=True, timeout=PROCESS_TIMEOUT_SECONDS)
    product.start("worker")
    assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED


def test_a_queue_bound_as_shown_receives_every_order(
    orders: orders_pb2_grpc.OrdersStub, examples: list[str], rabbit: Broker, vhost: str
) -> None:
    """The worker still receives every order as well."""
    command = [sys.executable, "-u", "-c", examples[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as consumer, terminated(consumer):
        assert consumer.stdout
        wait_until(
            lambda: (
                sum(
                    b["routing_key"] == "order.new"
                    for b in rabbit.manage("GET", f"exchanges/{vhost}/orders/bindings/source")
                )
                == 2
            )
        )
        placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=1, quantity=1)).order
        assert consumer.stdout.readline() == "placed: Dune\n"
        assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED


@contextmanager
def terminated(process: subprocess.Popen[str]) -> Iterator[None]:
    """Terminate the process at the end, also after a failure: leaving its own block waits for its end."""
    try:
        yield
    finally:
        process.terminate()


def test_the_commands_for_dead_letters_work_as_shown(product: Product) -> None:
    """Every command of the example is valid; the dead letter of the example does not exist."""
    commands = COMMAND.findall(DOCUMENT.read_text("utf-8"))
    assert len(commands) == 4
    for command in commands:
        completed = subprocess.run(
            [sys.executable, *command.split()],
            env=product.environ,
            cwd=product.folder,
            capture_output=True,
            text=True,
            timeout=PROCESS_TIMEOUT_SECONDS,
            check=False,
        )
        names_letter = "0b6c1f9e" in command
        assert (completed.returncode, bool(completed.stderr)) == ((1, True) if names_letter else (0, False)), (
            completed.stderr
        )
        assert ("There is no dead letter" in completed.stderr) == names_letter
