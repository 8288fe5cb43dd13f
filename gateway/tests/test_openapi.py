"""The documents tell what the gateway does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from gateway import replies
from gateway.app import create_app
from gateway.config import PORTS
from gateway.schemas import Error
from gateway.tests.fakes import Services, bearer, config, service_bearer
from gateway.tests.test_orders import NEW

pytestmark = pytest.mark.unit

UNDOCUMENTED = {"/openapi.json", "/docs", "/docs/docs.css", "/docs/docs.js"}
LOGIN = {"email": "a@b.cd", "password": "x"}
ROWS: list[tuple[str, str, object, str | None, type[BaseModel]]] = [
    ("POST", "/register", {**LOGIN, "username": "Ada"}, None, replies.UserAnswer),
    ("POST", "/login", LOGIN, None, replies.TokenAnswer),
    ("POST", "/refresh-token", None, None, replies.TokenAnswer),
    ("POST", "/logout", None, None, replies.MessageAnswer),
    ("GET", "/books", None, None, replies.BooksAnswer),
    ("GET", "/books/1", None, None, replies.BookAnswer),
    ("GET", "/genres", None, None, replies.GenresAnswer),
    ("PUT", "/books/1/decrement", {"quantity_ordered": 1}, "books", replies.StockAnswer),
    ("POST", "/orders", NEW, "orders", replies.CreatedAnswer),
    ("PUT", "/orders/5", {"status": "failed"}, "orders", replies.OrderAnswer),
    ("GET", "/orders/5", None, "user", replies.OrderAnswer),
    ("GET", "/orders/user/7", None, "user", replies.OrdersAnswer),
    ("GET", "/orders/user/7/book/1", None, "user", replies.PendingAnswer),
    ("POST", "/placeorder", {"book_id": 1, "quantity": 1}, "user", replies.PlacedAnswer),
    ("GET", "/checkorder/5", None, "user", replies.StateAnswer),
    ("GET", "/pendingorder/1", None, "user", replies.PendingAnswer),
    ("GET", "/myorders", None, "user", replies.OrdersAnswer),
    ("GET", "/nothing", None, None, Error),
    ("GET", "/books?page=x", None, None, Error),
]


def routes(app: Flask) -> set[tuple[str, str]]:
    """Method and path of every route."""
    found = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<id:(\w+)>", r"{\1}", rule.rule)
        found |= {(method, path) for method in rule.methods or () if method not in {"HEAD", "OPTIONS"}}
    return {(method, path) for method, path in found if path not in UNDOCUMENTED}


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Method, path and content of every operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def references(part: object) -> Iterator[str]:
    """Every `$ref` in the document."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("sets", [*((name,) for name in PORTS), tuple(PORTS)])
def test_every_route_is_in_the_document_of_its_port(services: Services, sets: tuple[str, ...]) -> None:
    """No more and no fewer."""
    app = create_app(config(), services.stubs(), sets)
    document = app.test_client().get("/openapi.json").json
    assert {(method, path) for method, path, _ in operations(document)} == routes(app)


def test_the_document_holds_together(client: FlaskClient) -> None:
    """Every reference leads somewhere, every operation has a name of its own, and paths declare their ids."""
    document: Any = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) == schemas
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for _, path, operation in operations(document):
        declared = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))


def test_types_are_precise(client: FlaskClient) -> None:
    """Types are generated from it: numbers, words and required keys."""
    schemas = (client.get("/openapi.json").json or {})["components"]["schemas"]
    assert schemas["Book"]["properties"]["price"]["type"] == "number"
    assert set(schemas["Book"]["required"]) == set(schemas["Book"]["properties"])
    assert schemas["Order"]["properties"]["status"]["enum"] == ["pending", "completed", "failed"]
    assert set(schemas["Order"]["required"]) == set(schemas["Order"]["properties"])
    assert schemas["OrdersAnswer"]["required"] == ["code", "data"]
    assert schemas["OrdersAnswer"]["properties"]["pagination"] == {"$ref": "#/components/schemas/Pagination"}
    assert schemas["Registration"]["required"] == ["username", "email", "password"]
    assert schemas["PriceRange"]["properties"]["lowest"]["anyOf"] == [{"type": "number"}, {"type": "null"}]


def test_the_locks_are_told(client: FlaskClient) -> None:
    """Which row needs which credential."""
    document = client.get("/openapi.json").json
    locks = {operation["operationId"]: operation["security"] for _, _, operation in operations(document)}
    assert locks["getBook"] == []
    assert locks["placeOrder"] == [{"user": []}]
    assert locks["decrementBook"] == [{"service": []}]
    assert locks["getOrder"] == [{"user": []}, {"service": []}]
    assert locks["refreshToken"] == [{"refresh_token": []}]


@pytest.mark.parametrize(("method", "path", "body", "lock", "model"), ROWS)
def test_answers_are_what_the_document_says(
    client: FlaskClient, method: str, path: str, body: object, lock: str | None, model: type[BaseModel]
) -> None:
    """Exactly the documented keys, and values of the documented types."""
    headers = bearer() if lock == "user" else service_bearer(lock) if lock else {}
    response = client.open(path, method=method, json=body, headers=headers)
    model.model_validate_json(response.data, strict=True)
