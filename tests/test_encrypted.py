"""The whole product with mutual TLS: orders complete, and the credentials of one service open no other door."""

import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from bookstore.users.v1 import users_pb2, users_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.certs import write_certificates
from mesh.credentials import Credentials
from mesh.identity import Signer, derive_secret
from mesh.keys import Keyring
from mesh.testing import rpc_failure, wait_until
from mesh.tls import Tls, server_name_options
from tests.harness import DESCRIPTORS, JWT_SECRET, PROCESS_TIMEOUT_SECONDS, Product
from tests.rest import Response, call, wait_for_gateway

pytestmark = pytest.mark.integration

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
PARTS = (*DESCRIPTORS, "worker", "gateway")


MESH_SECRET = "a mesh secret that only the tests know, 32+ bytes"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """All parts, encrypted, each with its own certificate; only users and gateway know the key of users' tokens."""
    certs = tmp_path_factory.mktemp("certs")
    write_certificates(certs, (*PARTS, "tester"), days=1)
    product = Product(tmp_path_factory.mktemp("tls"), {"MESH_TLS_DIR": str(certs), "MESH_SECRET": MESH_SECRET})
    product.prepare()
    jwt_secret = product.environ.pop("JWT_SECRET_KEY")
    try:
        product.start("books", "orders", "worker")
        product.environ["JWT_SECRET_KEY"] = jwt_secret
        product.start("users", "gateway")
        wait_for_gateway(product)
        yield product
    finally:
        product.stop()


def credentials(product: Product) -> Credentials:
    """Return the mesh's key, and the folder with all certificates."""
    return Credentials(MESH_SECRET, tls=Tls(Path(product.environ["MESH_TLS_DIR"])))


def login(product: Product) -> dict[str, str]:
    """Register a user, and return the Authorization header of a session."""
    account = {"username": "Ann", "email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse"}
    assert call(product, "USERS_PORT", "POST", "/register", account).status == 201
    token = call(product, "USERS_PORT", "POST", "/login", account).json["access_token"]
    return {"Authorization": f"Bearer {token}"}


def place_order(product: Product, bearer: dict[str, str]) -> Any:
    """Place an order for one copy, and return its data."""
    placed = call(product, "PLACE_ORDER_PORT", "POST", "/placeorder", {"book_id": 1, "quantity": 1}, bearer)
    assert placed.status == 201, placed.json
    return placed.json["data"]


def test_an_order_completes_over_encrypted_connections(product: Product) -> None:
    """From the registration to the end of the order, through every process."""
    bearer = login(product)
    order_id = place_order(product, bearer)["order_id"]

    def status() -> str:
        path = f"/checkorder/{order_id}"
        return str(call(product, "PLACE_ORDER_PORT", "GET", path, headers=bearer).json["status"])

    wait_until(lambda: status() != "pending", PROCESS_TIMEOUT_SECONDS)
    assert status() == "completed"


@pytest.fixture(scope="module")
def order(product: Product) -> Any:
    """Return the order of a user."""
    return place_order(product, login(product))


def forged(name: str, audience: str, secret: str = MESH_SECRET) -> str:
    """Return a mesh token that claims to come from another service."""
    return Signer(name, secret).token(audience)


COMPLETE = orders_pb2.ORDER_STATUS_COMPLETED
ATTACKS: dict[str, tuple[str, str, Callable[[grpc.Channel, Any], tuple[Any, Any]]]] = {
    "complete an order": (
        "worker",
        "orders",
        lambda channel, order: (
            orders_pb2_grpc.OrdersStub(channel).SetStatus,
            orders_pb2.SetStatusRequest(order_id=order["order_id"], status=COMPLETE),
        ),
    ),
    "lease events": (
        "worker",
        "orders",
        lambda channel, _: (orders_pb2_grpc.OrdersStub(channel).LeaseEvents, orders_pb2.LeaseEventsRequest()),
    ),
    "list a user's orders": (
        "gateway",
        "orders",
        lambda channel, order: (
            orders_pb2_grpc.OrdersStub(channel).ListUserOrders,
            orders_pb2.ListUserOrdersRequest(user_id=order["user_id"]),
        ),
    ),
    "take stock": (
        "worker",
        "books",
        lambda channel, order: (
            books_pb2_grpc.BooksStub(channel).Decrement,
            books_pb2.DecrementRequest(order_id=order["order_id"], book_id=2, quantity=1),
        ),
    ),
    "create an account": (
        "gateway",
        "users",
        lambda channel, _: (
            users_pb2_grpc.UsersStub(channel).Register,
            users_pb2.RegisterRequest(username="x", email="x@example.org", password="correct horse"),
        ),
    ),
    "read an account": (
        "tester",
        "users",
        lambda channel, order: (
            users_pb2_grpc.UsersStub(channel).GetUser,
            users_pb2.GetUserRequest(user_id=order["user_id"]),
        ),
    ),
}
"""What a service may not do: the caller that it claims to be, the service that it calls, and the call."""


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("holder", ["books", "orders"])
def test_the_credentials_of_one_service_do_not_act_as_another(
    product: Product, order: Any, holder: str, name: str
) -> None:
    """With a certificate, its key and the mesh's key, a token for another name is refused, and its own is accepted."""
    claimed, audience, attack = ATTACKS[name]
    own = credentials(product)
    assert own.tls is not None
    address, options = product.addresses[audience], server_name_options(audience)
    with grpc.secure_channel(address, own.tls.channel_credentials(holder), options) as channel:
        method, request = attack(channel, order)
        for token in (forged(claimed, audience), forged(claimed, audience, derive_secret(MESH_SECRET))):
            metadata = [("authorization", f"Bearer {token}")]
            failure = rpc_failure(method, request, metadata=metadata, timeout=PROCESS_TIMEOUT_SECONDS)
            assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
        for token in (forged(holder, audience), Signer(holder, own).portable_token(audience)):
            metadata = [("authorization", f"Bearer {token}")]
            assert rpc_failure(method, request, metadata=metadata, timeout=60).reason == "CALLER_NOT_ALLOWED"


def decrement(product: Product, token: str) -> Response:
    """Send a valid decrement of no copies with a service's token to the gateway, which passes the token on."""
    headers = {"Authorization": f"Bearer {token}"}
    return call(product, "BOOKS_PORT", "PUT", "/books/999999/decrement", {"quantity_ordered": 1}, headers)


def test_the_gateway_passes_on_only_what_a_certificate_proves(product: Product) -> None:
    """Services use the REST routes with the token of `python -m mesh token`; the mesh's key alone is not enough."""
    assert decrement(product, forged("worker", "books")).status == 401
    assert decrement(product, Signer("books", credentials(product)).portable_token("books")).status == 403
    command = [sys.executable, "-m", "mesh", "token", "--as", "worker", "--to", "books"]
    printed = subprocess.run(
        command, env=product.environ, cwd=product.folder, capture_output=True, text=True, check=True
    )
    response = decrement(product, printed.stdout.strip())
    assert (response.status, response.json["message"]) == (404, "Book not found.")


def test_books_orders_and_worker_cannot_create_tokens_of_users(product: Product, order: Any) -> None:
    """They start without the key of users' tokens, and a token that the mesh's key signs belongs to no user."""
    for part in ("books", "orders", "worker"):
        environ = Path(f"/proc/{product.processes[part].pid}/environ").read_bytes()
        assert JWT_SECRET.encode() not in environ
        assert MESH_SECRET.encode() in environ
    claims = {"sub": str(order["user_id"]), "iat": 1, "exp": 2**31, "type": "access", "name": "Ann"}
    headers = {"Authorization": f"Bearer {Keyring(MESH_SECRET).encode(claims)}"}
    response = call(product, "DISPLAY_ORDERS_PORT", "GET", "/myorders", headers=headers)
    assert (response.status, response.json["message"]) == (401, "Invalid token")


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
