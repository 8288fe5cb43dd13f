"""The whole product as `make run` starts it: driven over HTTP as a client does, and with grpcurl as a tester does."""

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

from tests.harness import PATIENCE, Process, Product

pytestmark = pytest.mark.e2e

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
OPEN = "The bookstore is open: "


class Shop:
    """The product started by the launcher in an empty folder, without any setting but ports.

    Args:
        folder: the folder; it gets `.env`, the database and the log.
    """

    def __init__(self, folder: Path) -> None:
        self.product = Product(folder)
        self.folder = folder
        environ = {name: value for name, value in self.product.environ.items() if name != "JWT_SECRET_KEY"}
        log = folder / f"run-{time.monotonic_ns()}.log"
        self.process = Process([sys.executable, "-m", "launcher"], environ, folder, log)
        self.secret = ""

    def output(self) -> str:
        """All that it has printed."""
        return self.process.log.read_text("utf-8")

    def wait_until_open(self) -> None:
        """Returns when it says which address to open."""
        deadline = time.monotonic() + 2 * PATIENCE
        while OPEN not in self.output():
            assert self.process.alive(), self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)
        self.secret = re.findall("JWT_SECRET_KEY=(.*)", (self.folder / ".env").read_text())[0]

    def call(self, method: str, port: str, path: str, token: str = "", body: object = None) -> httpx.Response:
        """One request to one of the five ports."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.product.url(port) + path, json=body, headers=headers, timeout=PATIENCE)

    def member(self, name: str) -> str:
        """The access token of a new account."""
        account = {"username": name, "email": f"{name}@example.org", "password": "a good long one"}
        assert self.call("POST", "USERS_PORT", "/register", body=account).status_code == 201
        return str(self.call("POST", "USERS_PORT", "/login", body=account).json()["access_token"])

    def grpcurl(self, service: str, *arguments: str, caller: str = "", data: str = "") -> tuple[int, str]:
        """The exit status and the output of the real grpcurl against a service."""
        command = [str(GRPCURL), "-plaintext"]
        if caller:
            command += ["-H", f"authorization: Bearer {self.mesh_token(caller, service)}"]
        if data:
            command += ["-d", data]
        command += [self.product.addresses[service], *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        return done.returncode, done.stdout + done.stderr

    def mesh_token(self, caller: str, service: str) -> str:
        """What `python -m mesh token` prints in the shop's folder."""
        command = [sys.executable, "-m", "mesh", "token", "--as", caller, "--to", service]
        environ = {"PYTHONPATH": self.product.environ["PYTHONPATH"]}
        done = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that is open."""
    started = Shop(tmp_path_factory.mktemp("shop"))
    try:
        started.wait_until_open()
        yield started
    finally:
        started.process.stop()


def test_an_order_goes_its_whole_way(shop: Shop) -> None:
    """Register, log in, find, buy, watch, look back: every answer has the contract's keys, and the stock is lower."""
    token = shop.member("whole-way")
    found = shop.call("GET", "BOOKS_PORT", "/books?search=dune&limit=1").json()
    book = found["data"][0]
    assert set(found) == {"code", "data", "pagination"}
    placed = shop.call("POST", "PLACE_ORDER_PORT", "/placeorder", token, {"book_id": book["book_id"], "quantity": 2})
    assert placed.status_code == 201
    assert set(placed.json()) == {"code", "order_id", "status", "data"}
    assert (placed.json()["status"], placed.json()["data"]["price"]) == ("pending", book["price"])
    order_id = placed.json()["order_id"]
    assert wait_for_end(shop, token, order_id) == "completed"
    left = shop.call("GET", "BOOKS_PORT", f"/books/{book['book_id']}").json()["data"]["quantity"]
    assert left == book["quantity"] - 2
    mine = shop.call("GET", "DISPLAY_ORDERS_PORT", "/myorders?page=1", token).json()
    assert [order["order_id"] for order in mine["data"]] == [order_id]
    assert mine["pagination"] == {"page": 1, "limit": 4, "total": 1, "has_more": False}
    assert parsedate_to_datetime(mine["data"][0]["order_date"]).tzinfo is not None
    pending = shop.call("GET", "PLACE_ORDER_PORT", f"/pendingorder/{book['book_id']}", token)
    assert pending.json() == {"code": 200, "hasPending": False}


def test_a_retried_click_orders_once(shop: Shop) -> None:
    """The same key and body get the same order; another body under the key is refused."""
    token = shop.member("retried-click")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "click-1"}
    url = f"{shop.product.url('PLACE_ORDER_PORT')}/placeorder"
    first, second = (httpx.post(url, json={"book_id": 9, "quantity": 1}, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert httpx.post(url, json={"book_id": 9, "quantity": 2}, headers=headers).status_code == 422
    assert shop.call("GET", "DISPLAY_ORDERS_PORT", "/myorders?page=1", token).json()["pagination"]["total"] == 1


def test_every_port_has_its_documents(shop: Shop) -> None:
    """Health, readiness, OpenAPI and a page that asks no other host."""
    for port in shop.product.rest:
        assert shop.call("GET", port, "/health").json() == {"status": "ok"}
        assert shop.call("GET", port, "/ready").status_code == 200
        assert shop.call("GET", port, "/openapi.json").json()["openapi"].startswith("3.1")
        page = shop.call("GET", port, "/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page.text)


@pytest.mark.parametrize(("service", "name"), [("users", "Users"), ("books", "Books"), ("orders", "Orders")])
def test_grpcurl_finds_its_way_by_reflection(shop: Shop, service: str, name: str) -> None:
    """It lists the services, describes one with its comments' types, and asks for its health; no token is needed."""
    full = f"bookstore.{service}.v1.{name}"
    assert shop.grpcurl(service, "list")[1].split() == [
        full,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    ]
    status, described = shop.grpcurl(service, "describe", full)
    assert (status, f"service {name} {{" in described) == (0, True)
    health = ("grpc.health.v1.Health/Check",)
    status, answer = shop.grpcurl(service, *health, data=json.dumps({"service": full}))
    assert (status, json.loads(answer)) == (0, {"status": "SERVING"})


def test_grpcurl_reads_a_book_with_a_token(shop: Shop) -> None:
    """The token that the mesh kit prints is good for the service it names, and for no other."""
    status, answer = shop.grpcurl("books", "bookstore.books.v1.Books/GetBook", caller="tester", data='{"book_id": 1}')
    assert (status, json.loads(answer)["book"]["title"]) == (0, "Dune")
    foreign = shop.mesh_token("tester", "orders")
    command = [str(GRPCURL), "-plaintext", "-H", f"authorization: Bearer {foreign}", "-d", '{"book_id": 1}']
    command += [shop.product.addresses["books"], "bookstore.books.v1.Books/GetBook"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "Code: Unauthenticated" in done.stderr


@pytest.mark.parametrize(
    ("service", "method", "data"),
    [
        ("books", "bookstore.books.v1.Books/Decrement", '{"order_id": 1, "book_id": 1, "quantity": 1}'),
        ("orders", "bookstore.orders.v1.Orders/SetStatus", '{"order_id": 1, "status": "ORDER_STATUS_FAILED"}'),
    ],
)
def test_only_the_worker_ends_orders(shop: Shop, service: str, method: str, data: str) -> None:
    """A tester is told that it may not; somebody without a token, that nobody knows who is calling."""
    assert "Code: PermissionDenied" in shop.grpcurl(service, method, caller="tester", data=data)[1]
    assert "Code: PermissionDenied" in shop.grpcurl(service, method, caller="gateway", data=data)[1]
    assert "Code: Unauthenticated" in shop.grpcurl(service, method, data=data)[1]


def test_grpcurl_shows_which_field_is_wrong(shop: Shop) -> None:
    """INVALID_ARGUMENT with one sentence, and the field in the details."""
    data = '{"paging": {"page_size": 1000}, "min_price": "cheap"}'
    status, said = shop.grpcurl("books", "bookstore.books.v1.Books/ListBooks", caller="tester", data=data)
    assert status != 0
    assert "Code: InvalidArgument" in said
    assert re.search(r'"field":\s*"paging.page_size"', said)
    assert re.search(r'"field":\s*"min_price"', said)


def test_the_secret_is_made_once_and_never_shown(shop: Shop) -> None:
    """`.env` is for its owner only; neither the log nor any answer holds the secret or a password."""
    assert len(bytes.fromhex(shop.secret)) == 32
    assert (shop.folder / ".env").stat().st_mode & 0o777 == 0o600
    assert shop.secret not in shop.output()
    assert "a good long one" not in shop.output()
    assert "Traceback" not in shop.output()


def test_one_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """Status 0, no process of the group left, and a second start finds what the first one stored."""
    started = Shop(tmp_path)
    try:
        started.wait_until_open()
        token = started.member("comes-back")
        for _ in range(2):
            os.kill(started.process.pid, signal.SIGINT)
            assert started.process.wait() == 0
            assert not listening(started)
            started = Shop(tmp_path)
            started.wait_until_open()
        credentials = {"email": "comes-back@example.org", "password": "a good long one"}
        assert started.call("POST", "USERS_PORT", "/login", body=credentials).status_code == 200
        assert started.call("GET", "DISPLAY_ORDERS_PORT", "/myorders", token).json() == {"code": 200, "data": []}
    finally:
        started.process.stop()


def listening(shop: Shop) -> list[str]:
    """The ports that still answer."""
    found = []
    for port in shop.product.rest:
        try:
            shop.call("GET", port, "/health")
        except httpx.TransportError:
            continue
        found.append(port)
    return found


def wait_for_end(shop: Shop, token: str, order_id: int) -> Any:
    """The status in which an order ended, as a client that polls sees it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = shop.call("GET", "PLACE_ORDER_PORT", f"/checkorder/{order_id}", token).json()
        assert set(answer) == {"code", "order_id", "status", "data"}
        if answer["status"] != "pending":
            return answer["status"]
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
