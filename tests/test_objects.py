"""Every REST call that names a user or an order, tried by its owner, another user, nobody and services."""

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
from tests.harness import DESCRIPTORS, JWT_SECRET, MESH_SECRET, Product, running
from tests.security_tables import rows

pytestmark = pytest.mark.integration

NEW = {"price": 10.99, "quantity": 1, "status": "completed", "title": "Dune", "authors": "Frank Herbert", "url": "/u"}
CALLERS = ("owner", "other", "nobody", "worker", "tester", "users", "misdirected")
"""`misdirected` is a worker's credential for another service than the one behind the row."""


@dataclass(frozen=True)
class Case:
    """A call, and the status that each of `CALLERS` gets."""

    row: str
    path: str
    statuses: tuple[int, ...]
    json: dict[str, Any] | None = None

    def expected(self) -> dict[str, int]:
        """The status by caller."""
        return dict(zip(CALLERS, self.statuses, strict=True))


CASES = [
    #                                                        owner other nobody worker tester users misdirected
    Case("GET /orders/<id:order_id>", "/orders/{order}", (200, 403, 401, 200, 200, 403, 401)),
    Case("GET /orders/user/<id:user_id>", "/orders/user/{owner}", (200, 403, 401, 200, 200, 403, 401)),
    Case("GET /orders/user/<id:user_id>", "/orders/user/{owner}?page=1", (200, 403, 401, 200, 200, 403, 401)),
    Case(
        "GET /orders/user/<id:user_id>/book/<id:book_id>",
        "/orders/user/{owner}/book/{book}",
        (200, 403, 401, 200, 200, 403, 401),
    ),
    Case("PUT /orders/<id:order_id>", "/orders/{order}", (403, 403, 401, 200, 403, 403, 401), {"status": "failed"}),
    Case("POST /orders", "/orders", (403, 403, 401, 201, 201, 403, 401), NEW),
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
class Shop:
    """The gateway in front of running services, and its database."""

    client: FlaskClient
    database: Database


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services as processes."""
    with running(tmp_path_factory.mktemp("objects"), *DESCRIPTORS) as started:
        yield started


@pytest.fixture(scope="module")
def shop(product: Product) -> Iterator[Shop]:
    """The gateway's app in front of them."""
    config = Config.from_env(product.environ)
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield Shop(create_app(config, connect(config)).test_client(use_cookies=False), database)
    database.close()


@dataclass(frozen=True)
class Things:
    """Two users, a book, and the first one's pending order for it."""

    owner: int
    other: int
    book: int
    order: int


@pytest.fixture
def things(shop: Shop) -> Things:
    """Fresh ones."""
    owner, other, book = add_user(shop.database), add_user(shop.database), add_book(shop.database)
    return Things(owner, other, book, add_order(shop.database, owner, book, "pending"))


def headers(caller: str, things: Things, service: str) -> dict[str, str]:
    """What the caller sends."""
    now = int(time.time())
    if caller == "nobody":
        return {}
    if caller in {"owner", "other"}:
        claims = {"sub": str(getattr(things, caller)), "iat": now, "exp": now + 600, "type": "access"}
        return {"Authorization": f"Bearer {jwt.encode(claims, JWT_SECRET, 'HS256')}"}
    audience = {"books": "orders", "orders": "books"}[service] if caller == "misdirected" else service
    name = "worker" if caller == "misdirected" else caller
    return {"Authorization": f"Bearer {Signer(name, MESH_SECRET).token(audience)}"}


@pytest.mark.unit
def test_the_table_has_every_row_that_is_not_for_anyone() -> None:
    """A row that is added has to say here who may use it."""
    guarded = {f"{row.method} {row.path}" for _, row in rows() if row.access is not Access.ANYONE}
    assert {case.row for case in CASES} == guarded


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.row + "?" * ("?" in case.path))
def test_each_gets_what_the_table_says(shop: Shop, things: Things, case: Case, caller: str) -> None:
    """Owners see and do their own, others nothing of it, services what their policy allows, nobody nothing."""
    book = add_book(shop.database) if case.row == "POST /placeorder" else things.book
    body = None if case.json is None else {"book_id": book, "user_id": things.owner, **case.json}
    if body is not None and "status" in body and case.row.startswith("PUT"):
        body = case.json
    service = "books" if case.row.startswith("PUT /books") else "orders"
    method = case.row.split()[0]
    path = case.path.format(owner=things.owner, order=things.order, book=things.book)
    response = shop.client.open(path, method=method, json=body, headers=headers(caller, things, service))
    assert response.status_code == case.expected()[caller], response.json
    if response.status_code in {401, 403}:
        assert set(response.json or {}) == {"code", "message"}, "a refusal that tells something"


def test_rows_without_an_id_show_only_ones_own(shop: Shop, things: Things) -> None:
    """Another user's pending order and list are not the owner's."""
    asked = {who: headers(who, things, "orders") for who in ("owner", "other")}

    def seen(who: str, path: str) -> Any:
        return shop.client.get(path, headers=asked[who]).json

    assert [each["order_id"] for each in seen("owner", "/myorders")["data"]] == [things.order]
    assert seen("other", "/myorders")["data"] == []
    assert seen("owner", f"/pendingorder/{things.book}")["hasPending"] is True
    assert seen("other", f"/pendingorder/{things.book}") == {"code": 200, "hasPending": False}


def test_an_order_is_placed_for_whoever_asks_whatever_the_body_says(shop: Shop, things: Things) -> None:
    """A user's id, a status and an order's id in the body change nothing (mass assignment)."""
    book = add_book(shop.database)
    body = {"book_id": book, "quantity": 1, "user_id": things.owner, "status": "completed", "order_id": 1}
    response = shop.client.post("/placeorder", json=body, headers=headers("other", things, "orders"))
    order = (response.json or {}).get("data", {})
    assert (order["user_id"], order["status"]) == (things.other, "pending")
    assert count(shop.database, "Orders", f"user_id = {things.owner} AND book_id = {book}") == 0


def test_an_order_that_is_not_there_looks_like_nothing_else(shop: Shop, things: Things) -> None:
    """404 for every user; ids are counted up, so that a 403 tells no more than that there are orders."""
    for path in ("/orders/999999", "/checkorder/999999"):
        response = shop.client.get(path, headers=headers("other", things, "orders"))
        assert (response.status_code, response.json) == (404, {"code": 404, "message": "Order not found."})
