"""The whole product with mutual TLS between its processes: an order goes its way, and nobody listens in."""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.certs import write_certificates
from tests.harness import DESCRIPTORS, PATIENCE, Product, running
from tests.rest import call, wait_for_gateway

pytestmark = pytest.mark.integration

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
PARTS = (*DESCRIPTORS, "worker", "gateway")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Everything, encrypted."""
    certs = tmp_path_factory.mktemp("certs")
    write_certificates(certs, (*PARTS, "tester"), days=1)
    with running(tmp_path_factory.mktemp("tls"), *PARTS, settings={"MESH_TLS_DIR": str(certs)}) as started:
        wait_for_gateway(started)
        yield started


def test_an_order_goes_its_way_encrypted(product: Product) -> None:
    """From the log-in to the end of the order, through every process."""
    account = {"username": "Ann", "email": "ann@example.org", "password": "correct horse"}
    assert call(product, "USERS_PORT", "POST", "/register", account).status == 201
    token = call(product, "USERS_PORT", "POST", "/login", account).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    body = {"book_id": 1, "quantity": 1}
    placed = call(product, "PLACE_ORDER_PORT", "POST", "/placeorder", body, bearer)
    assert placed.status == 201, placed.json
    deadline, status = time.monotonic() + PATIENCE, "pending"
    while status == "pending":
        assert time.monotonic() < deadline
        path = f"/checkorder/{placed.json['order_id']}"
        status = call(product, "PLACE_ORDER_PORT", "GET", path, headers=bearer).json["status"]
        time.sleep(0.05)
    assert status == "completed"


def test_no_service_talks_in_the_clear(product: Product) -> None:
    """Not even about its health."""
    for address in product.addresses.values():
        with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as raised:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert isinstance(raised.value, grpc.Call)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_grpcurl_gets_in_as_the_documents_say(product: Product) -> None:
    """With the tester's certificate, health and, with a token, a book."""
    certs = Path(product.environ["MESH_TLS_DIR"])
    own = ["-cacert", f"{certs}/ca.pem", "-cert", f"{certs}/tester.pem", "-key", f"{certs}/tester.key"]
    make = [sys.executable, "-m", "mesh", "token", "--to", "books"]
    token = subprocess.run(make, env=product.environ, cwd=product.folder, capture_output=True, text=True, check=True)
    signed = ["-H", f"authorization: Bearer {token.stdout.strip()}", "-d", '{"book_id": 1}']
    address = product.addresses["books"]
    for arguments, expected in (
        ([address, "grpc.health.v1.Health/Check"], "SERVING"),
        ([*signed, address, "bookstore.books.v1.Books/GetBook"], '"isbn"'),
    ):
        command = [str(GRPCURL), *own, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert expected in done.stdout, done.stderr
