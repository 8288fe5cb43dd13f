"""The whole product with mutual TLS between its processes: orders complete, and no plain connection is accepted."""

import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.certs import write_certificates
from mesh.testing import wait_until
from tests.harness import DESCRIPTORS, PROCESS_TIMEOUT_SECONDS, Product, running_product
from tests.rest import call, wait_for_gateway

pytestmark = pytest.mark.integration

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
PARTS = (*DESCRIPTORS, "worker", "gateway")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """All parts, encrypted."""
    certs = tmp_path_factory.mktemp("certs")
    write_certificates(certs, (*PARTS, "tester"), days=1)
    with running_product(tmp_path_factory.mktemp("tls"), *PARTS, settings={"MESH_TLS_DIR": str(certs)}) as started:
        wait_for_gateway(started)
        yield started


def test_an_order_completes_over_encrypted_connections(product: Product) -> None:
    """From the registration to the end of the order, through every process."""
    account = {"username": "Ann", "email": "ann@example.org", "password": "correct horse"}
    assert call(product, "USERS_PORT", "POST", "/register", account).status == 201
    token = call(product, "USERS_PORT", "POST", "/login", account).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    body = {"book_id": 1, "quantity": 1}
    placed = call(product, "PLACE_ORDER_PORT", "POST", "/placeorder", body, bearer)
    assert placed.status == 201, placed.json

    def status() -> str:
        path = f"/checkorder/{placed.json['order_id']}"
        return str(call(product, "PLACE_ORDER_PORT", "GET", path, headers=bearer).json["status"])

    wait_until(lambda: status() != "pending", PROCESS_TIMEOUT_SECONDS)
    assert status() == "completed"


def test_no_service_accepts_a_plain_connection(product: Product) -> None:
    """Health checks are encrypted as well."""
    for address in product.addresses.values():
        with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as raised:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PROCESS_TIMEOUT_SECONDS)
        assert isinstance(raised.value, grpc.Call)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_grpcurl_works_as_documented(product: Product) -> None:
    """With the tester's certificate it reads the health and, with a token, a book."""
    certs = Path(product.environ["MESH_TLS_DIR"])
    certificates = ["-cacert", f"{certs}/ca.pem", "-cert", f"{certs}/tester.pem", "-key", f"{certs}/tester.key"]
    token_command = [sys.executable, "-m", "mesh", "token", "--to", "books"]
    token = subprocess.run(
        token_command, env=product.environ, cwd=product.folder, capture_output=True, text=True, check=True
    )
    get_book = ["-H", f"authorization: Bearer {token.stdout.strip()}", "-d", '{"book_id": 1}']
    address = product.addresses["books"]
    for arguments, expected in (
        ([address, "grpc.health.v1.Health/Check"], "SERVING"),
        ([*get_book, address, "bookstore.books.v1.Books/GetBook"], '"isbn"'),
    ):
        command = [str(GRPCURL), *certificates, *arguments]
        completed = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PROCESS_TIMEOUT_SECONDS
        )
        assert expected in completed.stdout, completed.stderr
