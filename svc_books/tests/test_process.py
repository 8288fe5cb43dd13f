"""The service as a process: how it starts, what it logs, and how it stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from database.engine import Database
from database.tests.rows import add_order, add_user
from mesh.client import connect
from mesh.identity import Signer
from mesh.testing import wait_until
from tests.harness import JWT_SECRET, MESH_SECRET, Product, running_product

pytestmark = pytest.mark.integration

TAKE = pb.DecrementRequest(order_id=1, book_id=1, quantity=1)


@pytest.fixture
def product(tmp_path: Path, seeded_url: URL) -> Iterator[Product]:
    """Start the books service alone, on a database with the catalogue and one order."""
    with running_product(tmp_path, "books", database=seeded_url) as started:
        database = Database(seeded_url)
        add_order(database, add_user(database), 1)
        database.close()
        yield started


@pytest.fixture
def channel(product: Product) -> Iterator[grpc.Channel]:
    """Open a channel of the worker to the service."""
    with connect(product.target("books"), Signer("worker", MESH_SECRET)) as opened:
        yield opened


@pytest.fixture
def lock(product: Product, seeded_url: URL) -> Iterator[Connection]:
    """Hold the lock of the book's row, or of the whole SQLite file, so that a call that takes a copy waits."""
    database = Database(seeded_url)
    with database.write() as transaction:
        transaction.execute(text("UPDATE Books SET quantity = quantity WHERE book_id = 1"))
        yield transaction
    database.close()


def in_flight(channel: grpc.Channel) -> Any:
    """Return a call that waits for the lock. The response to a later call on the channel shows that it has arrived."""
    call = books_pb2_grpc.BooksStub(channel).Decrement.future(TAKE)
    health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    return call


def wait_for_log(log: Path, text: str) -> None:
    """Wait until the log contains the text."""
    wait_until(lambda: text in log.read_text(), describe=log.read_text)


def start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the process, which has to fail at its start."""
    environ = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "LOG_FORMAT": "json", **settings}
    command = [sys.executable, "-m", "svc_books"]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=30)


def test_sigterm_lets_the_running_call_finish(product: Product, channel: grpc.Channel, lock: Connection) -> None:
    """The running call gets its response, then the process exits with status 0."""
    call = in_flight(channel)
    os.kill(product.processes["books"].pid, signal.SIGTERM)
    wait_for_log(product.processes["books"].log, "stopping")
    assert not call.done()
    lock.rollback()
    assert call.result(10).outcome == pb.DECREMENT_OUTCOME_APPLIED
    assert product.processes["books"]._process.wait(10) == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_process_at_once(
    product: Product, channel: grpc.Channel, lock: Connection, second: signal.Signals
) -> None:
    """A second signal of either kind ends the process without waiting for calls."""
    in_flight(channel)
    process = product.processes["books"]
    os.kill(process.pid, signal.SIGTERM)
    wait_for_log(process.log, "stopping")
    os.kill(process.pid, second)
    started = time.monotonic()
    assert process.stop() == -second
    assert time.monotonic() - started < 5


def test_nothing_secret_is_logged(product: Product, channel: grpc.Channel) -> None:
    """The log contains neither a key nor a caller's token."""
    stub = books_pb2_grpc.BooksStub(channel)
    assert stub.Decrement(TAKE).outcome == pb.DECREMENT_OUTCOME_APPLIED
    forger = Signer("worker", "a wrong secret, but a long enough one")
    with connect(product.target("books"), forger) as forged, pytest.raises(grpc.RpcError):
        books_pb2_grpc.BooksStub(forged).Decrement(TAKE)
    assert product.stop() == {"books": 0}
    log = product.processes["books"].log.read_text()
    assert '"code":"UNAUTHENTICATED"' in log
    assert [word for word in (JWT_SECRET, MESH_SECRET, "eyJ", "Bearer") if word in log] == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "books: JWT_SECRET_KEY is not set, and neither is MESH_SECRET.\n"),
        ({"JWT_SECRET_KEY": JWT_SECRET, "LOG_LEVEL": "loud"}, "books: LOG_LEVEL must be "),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    """The process writes one line that names the setting, and exits with status 2."""
    result = start(tmp_path, **settings)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count("\n") == 1


def test_an_address_in_use_is_reported_in_one_sentence(tmp_path: Path) -> None:
    """The last line, after one by gRPC, names the address, and the exit status is 1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        result = start(tmp_path, JWT_SECRET_KEY=JWT_SECRET, BOOKS_ADDRESS=address)
    assert (result.returncode, result.stdout) == (1, "")
    last_line = f"books: The address {address} is already in use or cannot be listened on.\n"
    assert result.stderr.splitlines(keepends=True)[-1] == last_line
    assert "Traceback" not in result.stderr
