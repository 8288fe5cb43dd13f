"""Every route about a user or an order, called by its owner, another user, an anonymous client and services."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from database.engine import Database, parse_url
from database.tests.rows import add_book, add_order, add_user, count
from gateway.app import create_app
from gateway.config import Config
from gateway.http.auth import Access
from gateway.stubs import connect
from mesh.identity import Signer
from tests.harness import DESCRIPTORS, JWT_SECRET, MESH_SECRET, Product, running_product
from tests.security_tables import routes

pytestmark = pytest.mark.integration

NEW_ORDER = {
    "price": 10.99,
    "quantity": 1,
    "status": "completed",
    "title": "Dune",
    "authors": "Frank Herbert",
    "url": "/u",
}
CALLERS = ("owner", "other", "anonymous", "worker", "tester", "users", "misdirected")
"""`misdirected` is the worker with a token for another service than the one behind the route."""


@dataclass(frozen=True)
class Case:
    """A request, and the status that each of `CALLERS` gets."""

    route: str
    path: str
    statuses: tuple[int, ...]
    json: dict[str, Any] | None = None

    def expected(self) -> dict[str, int]:
        """Return the status by caller."""
        return dict(zip(CALLERS, self.statuses, strict=True))


CASES = [
    #                                                        owner other anonymous worker tester users misdirected
    Case("GET /orders/<id:order_id>", "/orders/{order}", (200, 404, 401, 200, 200, 403, 401)),
    Case("GET /orders/user/<id:user_id>", "/orders/user/{owner}", (200, 403, 401, 200, 200, 403, 401)),
    Case("GET /orders/user/<id:user_id>", "/orders/user/{owner}?page=1", (200, 403, 401, 200, 200, 403, 401)),
    Case(
        "GET /orders/user/<id:user_id>/book/<id:book_id>",
        "/orders/user/{owner}/book/{book}",
        (200, 403, 401, 200, 200, 403, 401),
    ),
    Case("PUT /orders/<id:order_id>", "/orders/{order}", (403, 403, 401, 200, 403, 403, 401), {"status": "failed"}),
    Case("POST /orders", "/orders", (403, 403, 401, 201, 201, 403, 401), NEW_ORDER),
    Case(
        "PUT /books/<id:book_id>/decrement",
        "/books/{book}/decrement",
        (403, 403, 401, 200, 403, 403, 401),
        {"quantity_ordered": 1},
    ),
    Case("POST /placeorder", "/placeorder", (201, 201, 401, 401, 401, 401, 401), {"quantity": 1}),
    Case("GET /checkorder/<id:order_id>", "/checkorder/{order}", (200, 403, 401, 401, 401, 401, 401)),
    Case("GET /pendingorder/<id:book_id>", "/pendingorder/{book}", (200, 200, 401, 401, 401, 401, 401)),
    Case("GET /myorders", "/myorders", (200, 200, 401, 401, 401, 401, 401)),
]


@dataclass(frozen=True)
class Gateway:
    """The gateway's app in front of running services, and their database."""

    client: FlaskClient
    database: Database


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services as processes."""
    with running_product(tmp_path_factory.mktemp("objects"), *DESCRIPTORS) as started:
        yield started


@pytest.fixture(scope="module")
def gateway(product: Product) -> Iterator[Gateway]:
    """The gateway's app in front of the services."""
    config = Config.from_env(product.environ)
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield Gateway(create_app(config, connect(config)).test_client(use_cookies=False), database)
    database.close()


@dataclass(frozen=True)
class Rows:
    """Two users, a book, and the first user's pending order for it."""

    owner: int
    other: int
    book: int
    order: int


@pytest.fixture
def rows(gateway: Gateway) -> Rows:
    """New rows for each test."""
    owner, other, book = add_user(gateway.database), add_user(gateway.database), add_book(gateway.database)
    return Rows(owner, other, book, add_order(gateway.database, owner, book, "pending"))


def headers(caller: str, rows: Rows, service: str) -> dict[str, str]:
    """Return the headers of a caller."""
    now = int(time.time())
    if caller == "anonymous":
        return {}
    if caller in {"owner", "other"}:
        claims = {"sub": str(getattr(rows, caller)), "iat": now, "exp": now + 600, "type": "access"}
        return {"Authorization": f"Bearer {jwt.encode(claims, JWT_SECRET, 'HS256')}"}
    audience = service
    if caller == "misdirected":
        audience = "orders" if service == "books" else "books"
    name = "worker" if caller == "misdirected" else caller
    return {"Authorization": f"Bearer {Signer(name, MESH_SECRET).token(audience)}"}


@pytest.mark.unit
def test_the_table_has_every_protected_route() -> None:
    """A new route has to state here who may use it."""
    guarded = {f"{row.method} {row.path}" for _, row in routes() if row.access is not Access.ANYONE}
    assert {case.route for case in CASES} == guarded


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.route + "?" * ("?" in case.path))
def test_each_caller_gets_the_status_in_the_table(gateway: Gateway, rows: Rows, case: Case, caller: str) -> None:
    """Owners use their own orders, other users 403 or 404, services what their policy allows, anonymous clients 401."""
    book = add_book(gateway.database) if case.route == "POST /placeorder" else rows.book
    body = None if case.json is None else {"book_id": book, "user_id": rows.owner, **case.json}
    if body is not None and "status" in body and case.route.startswith("PUT"):
        body = case.json
    service = "books" if case.route.startswith("PUT /books") else "orders"
    method = case.route.split()[0]
    path = case.path.format(owner=rows.owner, order=rows.order, book=rows.book)
    response = gateway.client.open(path, method=method, json=body, headers=headers(caller, rows, service))
    assert response.status_code == case.expected()[caller], response.json
    if response.status_code in {401, 403, 404}:
        assert set(response.json or {}) == {"code", "message"}, "a refusal discloses nothing"


def test_routes_without_an_id_show_only_own_orders(gateway: Gateway, rows: Rows) -> None:
    """Another user sees neither the owner's pending order nor the list of orders."""
    headers_by_user = {user: headers(user, rows, "orders") for user in ("owner", "other")}

    def get(user: str, path: str) -> Any:
        return gateway.client.get(path, headers=headers_by_user[user]).json

    assert [each["order_id"] for each in get("owner", "/myorders")["data"]] == [rows.order]
    assert get("other", "/myorders")["data"] == []
    assert get("owner", f"/pendingorder/{rows.book}")["hasPending"] is True
    assert get("other", f"/pendingorder/{rows.book}") == {"code": 200, "hasPending": False}


def test_an_order_belongs_to_the_user_of_the_token(gateway: Gateway, rows: Rows) -> None:
    """A user's id, a status and an order's id in the body change nothing (mass assignment)."""
    book = add_book(gateway.database)
    body = {"book_id": book, "quantity": 1, "user_id": rows.owner, "status": "completed", "order_id": 1}
    response = gateway.client.post("/placeorder", json=body, headers=headers("other", rows, "orders"))
    order = (response.json or {}).get("data", {})
    assert (order["user_id"], order["status"]) == (rows.other, "pending")
    assert count(gateway.database, "Orders", f"user_id = {rows.owner} AND book_id = {book}") == 0


def test_a_missing_order_is_404_for_every_user(gateway: Gateway, rows: Rows) -> None:
    """The REST contract requires 403 for another user's order at `/checkorder`; elsewhere it is missing, too."""
    response = gateway.client.get(f"/orders/{rows.order}", headers=headers("other", rows, "orders"))
    assert response.json == {"code": 404, "message": "Order not found."}
    for path in ("/orders/999999", "/checkorder/999999"):
        response = gateway.client.get(path, headers=headers("other", rows, "orders"))
        assert (response.status_code, response.json) == (404, {"code": 404, "message": "Order not found."})
