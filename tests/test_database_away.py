"""Services without a reachable database start, report it, and serve as soon as the database is back."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy.engine import URL

from mesh.client import connect
from mesh.identity import Signer
from mesh.testing import rpc_failure, wait_until
from tests.harness import MESH_SECRET, PROCESS_TIMEOUT_SECONDS, ROOT, Process, Product
from tests.servers.databases import Databases, Server, database_server

pytestmark = pytest.mark.integration

BOOK = books_pb2.GetBookRequest(book_id=1)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A database server that the test may kill."""
    folder = tmp_path / "server"
    folder.mkdir()
    with database_server(folder) as started:
        yield started


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """A database with the catalogue, on a server that has been killed."""
    databases = Databases(server.url)
    with databases.migrated(seeded=True) as url:
        server.kill()
        yield url
    databases.close()


@pytest.fixture
def product(tmp_path: Path, url: URL) -> Iterator[Product]:
    """The books service, started without its database."""
    product = Product(tmp_path, {"dbURL": url.render_as_string(hide_password=False)})
    log = tmp_path / "books.log"
    product.processes["books"] = Process([sys.executable, "-m", "svc_books"], product.environ, tmp_path, log)
    yield product
    product.stop()


def health(product: Product) -> int:
    """Return the status of the service's health check; 0 while it does not respond."""
    with grpc.insecure_channel(product.addresses["books"]) as channel:
        try:
            return int(health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1).status)
        except grpc.RpcError:
            return 0


def test_a_service_starts_without_its_database_and_serves_when_it_is_back(
    product: Product, server: Server, url: URL
) -> None:
    """It reports NOT_SERVING and UNAVAILABLE, then SERVING; the log names the reason once, without the password."""
    wait_until(lambda: health(product) == NOT_SERVING)
    with connect(product.target("books"), Signer("gateway", MESH_SECRET)) as channel:
        stub = books_pb2_grpc.BooksStub(channel)
        failure = rpc_failure(stub.GetBook, BOOK)
        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        server.start()
        wait_until(lambda: health(product) == SERVING)
        assert stub.GetBook(BOOK).book.title == "Dune"
        server.kill()
        wait_until(lambda: health(product) == NOT_SERVING)
        server.start()
        wait_until(lambda: health(product) == SERVING)
        assert stub.GetBook(BOOK).book.title == "Dune"
    assert product.stop() == {"books": 0}
    log = product.processes["books"].log.read_text()
    entries = [json.loads(line) for line in log.splitlines()]
    reasons = [entry.get("reason", "") for entry in entries if entry["event"] in {"not serving", "serving again"}]
    assert reasons.count("") == 2
    assert all(first != second for first, second in pairwise(reasons))  # a starting server may give several reasons
    assert "Traceback" not in log
    assert str(url.password) not in log


def test_preparing_the_database_can_wait_for_the_server(tmp_path: Path, server: Server, url: URL) -> None:
    """`wait` continues when the server responds; without it, an unreachable database is one sentence and status 1."""
    environ = {"PYTHONPATH": str(ROOT), "dbURL": url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "database"]
    refused = subprocess.run([*command, "upgrade"], env=environ, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The database mysql+mysqlconnector://")
    assert refused.stderr.count("\n") == 1
    assert str(url.password) not in refused.stderr
    waiting = Process([*command, "wait", "upgrade", "seed"], environ, tmp_path, tmp_path / "wait.log")
    server.start()
    assert waiting._process.wait(PROCESS_TIMEOUT_SECONDS) == 0
    assert waiting.log.read_text().endswith("The schema is up to date.\nThe catalogue is complete.\n")
