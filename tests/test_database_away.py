"""Services whose database is not there: they start, say so, and work as soon as it is."""

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

from mesh.client import connect, parse_failure
from mesh.identity import Signer
from tests.harness import MESH_SECRET, PATIENCE, ROOT, Process, Product
from tests.servers.databases import Databases, Server, own_server
from tests.test_pipeline import wait_for

pytestmark = pytest.mark.integration

BOOK = books_pb2.GetBookRequest(book_id=1)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that may be killed."""
    folder = tmp_path / "server"
    folder.mkdir()
    with own_server(folder) as started:
        yield started


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """A database with the catalogue, on a server that is away."""
    databases = Databases(server.url)
    with databases.migrated(seeded=True) as made:
        server.kill()
        yield made
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
    """What the service says of itself; 0 while it says nothing."""
    with grpc.insecure_channel(product.addresses["books"]) as channel:
        try:
            return int(health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1).status)
        except grpc.RpcError:
            return 0


def test_a_service_starts_without_its_database_and_serves_when_it_comes(
    product: Product, server: Server, url: URL
) -> None:
    """NOT_SERVING and UNAVAILABLE meanwhile, then SERVING by itself; the log says why, once, without the password."""
    wait_for(lambda: health(product) == NOT_SERVING)
    with connect(product.target("books"), Signer("gateway", MESH_SECRET)) as channel:
        stub = books_pb2_grpc.BooksStub(channel)
        with pytest.raises(grpc.RpcError) as raised:
            stub.GetBook(BOOK)
        told = parse_failure(raised.value)
        assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        server.start()
        wait_for(lambda: health(product) == SERVING)
        assert stub.GetBook(BOOK).book.title == "Dune"
        server.kill()
        wait_for(lambda: health(product) == NOT_SERVING)
        server.start()
        wait_for(lambda: health(product) == SERVING)
        assert stub.GetBook(BOOK).book.title == "Dune"
    assert product.stop() == {"books": 0}
    written = product.processes["books"].log.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    reasons = [line.get("reason", "") for line in lines if line["event"] in {"not serving", "serving again"}]
    assert reasons.count("") == 2
    assert all(one != then for one, then in pairwise(reasons))  # a server that starts may have more than one
    assert "Traceback" not in written
    assert str(url.password) not in written


def test_whoever_prepares_the_database_may_wait_for_it(tmp_path: Path, server: Server, url: URL) -> None:
    """`wait` goes on with the first answer; without it, a database that is away is one sentence and status 1."""
    environ = {"PYTHONPATH": str(ROOT), "dbURL": url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "database"]
    refused = subprocess.run([*command, "upgrade"], env=environ, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The database mysql+mysqlconnector://")
    assert refused.stderr.count("\n") == 1
    assert str(url.password) not in refused.stderr
    waiting = Process([*command, "wait", "upgrade", "seed"], environ, tmp_path, tmp_path / "wait.log")
    server.start()
    assert waiting._process.wait(PATIENCE) == 0
    assert waiting.log.read_text().endswith("The schema is up to date.\nThe catalogue is complete.\n")
