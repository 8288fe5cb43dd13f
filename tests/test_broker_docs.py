"""The examples for other publishers and consumers work as written, beside the product."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pika
import pytest
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database, parse_url
from mesh.client import connect
from mesh.identity import Signer
from tests.harness import MESH_SECRET, PATIENCE, ROOT, Product, running
from tests.servers.rabbitmq import Broker
from tests.test_pipeline import add_users, execute, wait_for, wait_for_end

pytestmark = pytest.mark.integration

DOCUMENT = ROOT / "docs" / "ORDER_PROCESSING_WORKER.md"
PLACE = "amqp://guest:guest@localhost:5672/"
ROW = re.compile(r"\$ python (-m worker dead .*)")


@pytest.fixture
def product(tmp_path: Path, broker_url: str) -> Iterator[Product]:
    """Services and worker, on a broker."""
    with running(tmp_path, "books", "orders", "worker", settings={"RABBIT_URL": broker_url}) as started:
        wait_for(lambda: "broker connected" in started.processes["worker"].log.read_text())
        yield started


@pytest.fixture
def orders(product: Product) -> Iterator[orders_pb2_grpc.OrdersStub]:
    """The orders service; there is a buyer."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    add_users(database, 1)
    with connect(product.target("orders"), Signer("tester", MESH_SECRET)) as channel:
        yield orders_pb2_grpc.OrdersStub(channel)
    database.close()


@pytest.fixture
def examples(broker_url: str) -> list[str]:
    """The Python examples, for the test's broker."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert all(PLACE in block for block in blocks)
    return [block.replace(PLACE, broker_url) for block in blocks]


def test_a_message_published_as_shown_ends_its_order(
    product: Product, orders: orders_pb2_grpc.OrdersStub, examples: list[str], broker_url: str
) -> None:
    """An order whose own event never goes out is ended by the message of three numbers."""
    product.processes["worker"].stop()
    placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=2, quantity=1)).order
    assert placed.order_id == 1  # as in the example
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    wait_for(lambda: execute(database, "SELECT count(*) FROM Outbox WHERE published_at IS NULL") == 0)
    database.close()
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
        connection.channel().queue_purge("order_queue")
    subprocess.run([sys.executable, "-c", examples[0]], check=True, timeout=PATIENCE)
    product.start("worker")
    assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED


def test_a_queue_bound_as_shown_sees_every_order(
    orders: orders_pb2_grpc.OrdersStub, examples: list[str], rabbit: Broker, vhost: str
) -> None:
    """And takes nothing away from the worker."""
    command = [sys.executable, "-u", "-c", examples[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout
        wait_for(lambda: sum(b["source"] == "orders" for b in rabbit.manage("GET", f"bindings/{vhost}")) == 2)
        placed = orders.PlaceOrder(orders_pb2.PlaceOrderRequest(user_id=1, book_id=1, quantity=1)).order
        assert looking.stdout.readline() == "placed: Dune\n"
        assert wait_for_end(orders, placed.order_id) == orders_pb2.ORDER_STATUS_COMPLETED
        looking.terminate()


def test_the_commands_for_dead_letters_are_what_is_shown(product: Product) -> None:
    """Each line of the example is understood; the letter of the example is not there."""
    commands = ROW.findall(DOCUMENT.read_text("utf-8"))
    assert len(commands) == 4
    for command in commands:
        done = subprocess.run(
            [sys.executable, *command.split()],
            env=product.environ,
            cwd=product.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        named = "0b6c1f9e" in command
        assert (done.returncode, bool(done.stderr)) == ((1, True) if named else (0, False)), done.stderr
        assert ("There is no dead letter" in done.stderr) == named
