"""The whole product as `make run` starts it, used over HTTP like a client and with grpcurl like a tester."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mesh.testing import wait_until
from tests.harness import PROCESS_TIMEOUT_SECONDS, Process, Product

pytestmark = pytest.mark.e2e

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
OPEN_MESSAGE = "The bookstore is open: "


class Shop:
    """The product, started by the launcher in an empty folder without any settings but ports.

    Args:
        folder: the folder for `.env`, the database and the log.
    """

    def __init__(self, folder: Path) -> None:
        self.product = Product(folder)
        self.folder = folder
        environ = {name: value for name, value in self.product.environ.items() if name != "JWT_SECRET_KEY"}
        log = folder / f"run-{time.monotonic_ns()}.log"
        self.process = Process([sys.executable, "-m", "launcher"], environ, folder, log)
        self.secret = ""

    def output(self) -> str:
        """Return what the launcher has printed."""
        return self.process.log.read_text("utf-8")

    def wait_until_open(self) -> None:
        """Wait until the launcher prints the address to open."""

        def is_open_or_dead() -> bool:
            return OPEN_MESSAGE in self.output() or not self.process.is_alive()

        wait_until(is_open_or_dead, 2 * PROCESS_TIMEOUT_SECONDS, self.output)
        assert self.process.is_alive(), self.output()
        self.secret = re.findall("JWT_SECRET_KEY=(.*)", (self.folder / ".env").read_text())[0]

    def call(self, method: str, port: str, path: str, token: str = "", body: object = None) -> httpx.Response:
        """Send one request to one of the REST ports."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(
            method, self.product.url(port) + path, json=body, headers=headers, timeout=PROCESS_TIMEOUT_SECONDS
        )

    def register(self, name: str) -> str:
        """Create an account, and return its access token."""
        account = {"username": name, "email": f"{name}@example.org", "password": "a good long one"}
        assert self.call("POST", "USERS_PORT", "/register", body=account).status_code == 201
        return str(self.call("POST", "USERS_PORT", "/login", body=account).json()["access_token"])

    def grpcurl(self, service: str, *arguments: str, caller: str = "", data: str = "") -> tuple[int, str]:
        """Run grpcurl against a service, and return the exit status and the output."""
        command = [str(GRPCURL), "-plaintext"]
        if caller:
            command += ["-H", f"authorization: Bearer {self.mesh_token(caller, service)}"]
        if data:
            command += ["-d", data]
        command += [self.product.addresses[service], *arguments]
        completed = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PROCESS_TIMEOUT_SECONDS
        )
        return completed.returncode, completed.stdout + completed.stderr

    def mesh_token(self, caller: str, service: str) -> str:
        """Return what `python -m mesh token` prints in the shop's folder."""
        command = [sys.executable, "-m", "mesh", "token", "--as", caller, "--to", service]
        environ = {"PYTHONPATH": self.product.environ["PYTHONPATH"]}
        completed = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=True)
        return completed.stdout.strip()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that accepts orders."""
    started = Shop(tmp_path_factory.mktemp("shop"))
    try:
        started.wait_until_open()
        yield started
    finally:
        started.process.stop()


def test_an_order_completes(shop: Shop) -> None:
    """From the registration to the list of orders, every response has the contract's keys, and the stock is lower."""
    token = shop.register("order-completes")
    page = shop.call("GET", "BOOKS_PORT", "/books?search=dune&limit=1").json()
    book = page["data"][0]
    assert set(page) == {"code", "data", "pagination"}
    placed = shop.call("POST", "PLACE_ORDER_PORT", "/placeorder", token, {"book_id": book["book_id"], "quantity": 2})
    assert placed.status_code == 201
    assert set(placed.json()) == {"code", "order_id", "status", "data"}
    assert (placed.json()["status"], placed.json()["data"]["price"]) == ("pending", book["price"])
    order_id = placed.json()["order_id"]
    assert wait_for_end(shop, token, order_id) == "completed"
    remaining = shop.call("GET", "BOOKS_PORT", f"/books/{book['book_id']}").json()["data"]["quantity"]
    assert remaining == book["quantity"] - 2
    orders = shop.call("GET", "DISPLAY_ORDERS_PORT", "/myorders?page=1", token).json()
    assert [order["order_id"] for order in orders["data"]] == [order_id]
    assert orders["pagination"] == {"page": 1, "limit": 4, "total": 1, "has_more": False}
    assert parsedate_to_datetime(orders["data"][0]["order_date"]).tzinfo is not None
    pending = shop.call("GET", "PLACE_ORDER_PORT", f"/pendingorder/{book['book_id']}", token)
    assert pending.json() == {"code": 200, "hasPending": False}


def test_a_retried_click_orders_once(shop: Shop) -> None:
    """The same key and body return the same order; another body with the same key is refused."""
    token = shop.register("retried-click")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "click-1"}
    url = f"{shop.product.url('PLACE_ORDER_PORT')}/placeorder"
    first, second = (httpx.post(url, json={"book_id": 9, "quantity": 1}, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert httpx.post(url, json={"book_id": 9, "quantity": 2}, headers=headers).status_code == 422
    assert shop.call("GET", "DISPLAY_ORDERS_PORT", "/myorders?page=1", token).json()["pagination"]["total"] == 1


def test_every_port_has_its_documents(shop: Shop) -> None:
    """Health, readiness, OpenAPI, and a documentation page that loads nothing from other hosts."""
    for port in shop.product.rest:
        assert shop.call("GET", port, "/health").json() == {"status": "ok"}
        assert shop.call("GET", port, "/ready").status_code == 200
        assert shop.call("GET", port, "/openapi.json").json()["openapi"].startswith("3.1")
        page = shop.call("GET", port, "/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page.text)


@pytest.mark.parametrize(("service", "name"), [("users", "Users"), ("books", "Books"), ("orders", "Orders")])
def test_grpcurl_can_use_reflection(shop: Shop, service: str, name: str) -> None:
    """It lists the services, describes one and checks its health, without a token."""
    full = f"bookstore.{service}.v1.{name}"
    assert shop.grpcurl(service, "list")[1].split() == [
        full,
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ]
    status, described = shop.grpcurl(service, "describe", full)
    assert (status, f"service {name} {{" in described) == (0, True)
    health = ("grpc.health.v1.Health/Check",)
    status, output = shop.grpcurl(service, *health, data=json.dumps({"service": full}))
    assert (status, json.loads(output)) == (0, {"status": "SERVING"})


def test_grpcurl_reads_a_book_with_a_token(shop: Shop) -> None:
    """The token that the mesh kit prints is valid for the service that it names, and for no other."""
    status, output = shop.grpcurl("books", "bookstore.books.v1.Books/GetBook", caller="tester", data='{"book_id": 1}')
    assert (status, json.loads(output)["book"]["title"]) == (0, "Dune")
    other_token = shop.mesh_token("tester", "orders")
    command = [str(GRPCURL), "-plaintext", "-H", f"authorization: Bearer {other_token}", "-d", '{"book_id": 1}']
    command += [shop.product.addresses["books"], "bookstore.books.v1.Books/GetBook"]
    completed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROCESS_TIMEOUT_SECONDS)
    assert "Code: Unauthenticated" in completed.stderr


@pytest.mark.parametrize(
    ("service", "method", "data"),
    [
        ("books", "bookstore.books.v1.Books/Decrement", '{"order_id": 1, "book_id": 1, "quantity": 1}'),
        ("orders", "bookstore.orders.v1.Orders/SetStatus", '{"order_id": 1, "status": "ORDER_STATUS_FAILED"}'),
    ],
)
def test_only_the_worker_ends_orders(shop: Shop, service: str, method: str, data: str) -> None:
    """Testers and the gateway get PERMISSION_DENIED; a caller without a token gets UNAUTHENTICATED."""
    assert "Code: PermissionDenied" in shop.grpcurl(service, method, caller="tester", data=data)[1]
    assert "Code: PermissionDenied" in shop.grpcurl(service, method, caller="gateway", data=data)[1]
    assert "Code: Unauthenticated" in shop.grpcurl(service, method, data=data)[1]


def test_grpcurl_shows_which_field_is_invalid(shop: Shop) -> None:
    """The response is INVALID_ARGUMENT, with each field in the details."""
    data = '{"paging": {"page_size": 1000}, "min_price": "cheap"}'
    status, output = shop.grpcurl("books", "bookstore.books.v1.Books/ListBooks", caller="tester", data=data)
    assert status != 0
    assert "Code: InvalidArgument" in output
    assert re.search(r'"field":\s*"paging.page_size"', output)
    assert re.search(r'"field":\s*"min_price"', output)


def test_the_secret_is_created_once_and_never_logged(shop: Shop) -> None:
    """Only the owner can read `.env`; the log contains neither the secret nor a password."""
    assert len(bytes.fromhex(shop.secret)) == 32
    assert (shop.folder / ".env").stat().st_mode & 0o777 == 0o600
    assert shop.secret not in shop.output()
    assert "a good long one" not in shop.output()
    assert "Traceback" not in shop.output()


def test_one_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """The status is 0 and no port responds, also after a second start, which keeps the data of the first one."""
    started = Shop(tmp_path)
    try:
        started.wait_until_open()
        token = started.register("returning")
        interrupt(started)
        started = Shop(tmp_path)
        started.wait_until_open()
        credentials = {"email": "returning@example.org", "password": "a good long one"}
        assert started.call("POST", "USERS_PORT", "/login", body=credentials).status_code == 200
        assert started.call("GET", "DISPLAY_ORDERS_PORT", "/myorders", token).json() == {"code": 200, "data": []}
        interrupt(started)
    finally:
        started.process.stop()


def interrupt(shop: Shop) -> None:
    """Press Ctrl-C, and check that everything ends."""
    os.kill(shop.process.pid, signal.SIGINT)
    assert shop.process.wait() == 0
    assert not responding_ports(shop)


def responding_ports(shop: Shop) -> list[str]:
    """Return the REST ports that respond."""
    ports = []
    for port in shop.product.rest:
        try:
            shop.call("GET", port, "/health")
        except httpx.TransportError:
            continue
        ports.append(port)
    return ports


def wait_for_end(shop: Shop, token: str, order_id: int) -> Any:
    """Poll like a client until the order has ended, and return its status."""

    def status() -> Any:
        body = shop.call("GET", "PLACE_ORDER_PORT", f"/checkorder/{order_id}", token).json()
        assert set(body) == {"code", "order_id", "status", "data"}
        return body["status"]

    wait_until(lambda: status() != "pending", PROCESS_TIMEOUT_SECONDS)
    return status()
