"""The OpenAPI documents describe what the gateway does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ConfigDict, TypeAdapter

from gateway.app import ALL_PORTS, create_app
from gateway.http.routing import ResponseType
from gateway.messages.books import BookResponse, BooksResponse, GenresResponse, StockResponse
from gateway.messages.common import Error, MessageResponse
from gateway.messages.orders import (
    CreateOrderResponse,
    OrderResponse,
    OrdersResponse,
    OrderStateResponse,
    PendingResponse,
    PlaceOrderResponse,
)
from gateway.messages.users import RegisterResponse, TokenResponse
from gateway.routes import docs
from gateway.tests.fakes import Services, bearer, config, service_bearer
from gateway.tests.routes.test_orders import NEW

pytestmark = pytest.mark.unit

UNDOCUMENTED = {"/openapi.json", *docs.FILES}
LOGIN = {"email": "a@b.cd", "password": "x"}
ROUTES: list[tuple[str, str, object, str | None, ResponseType]] = [
    ("POST", "/register", {**LOGIN, "username": "Ada"}, None, RegisterResponse),
    ("POST", "/login", LOGIN, None, TokenResponse),
    ("POST", "/refresh-token", None, None, TokenResponse),
    ("POST", "/logout", None, None, MessageResponse),
    ("GET", "/books", None, None, BooksResponse),
    ("GET", "/books/1", None, None, BookResponse),
    ("GET", "/genres", None, None, GenresResponse),
    ("PUT", "/books/1/decrement", {"quantity_ordered": 1}, "books", StockResponse),
    ("POST", "/orders", NEW, "orders", CreateOrderResponse),
    ("PUT", "/orders/5", {"status": "failed"}, "orders", OrderResponse),
    ("GET", "/orders/5", None, "user", OrderResponse),
    ("GET", "/orders/user/7", None, "user", OrdersResponse),
    ("GET", "/orders/user/7/book/1", None, "user", PendingResponse),
    ("POST", "/placeorder", {"book_id": 1, "quantity": 1}, "user", PlaceOrderResponse),
    ("GET", "/checkorder/5", None, "user", OrderStateResponse),
    ("GET", "/pendingorder/1", None, "user", PendingResponse),
    ("GET", "/myorders", None, "user", OrdersResponse),
    ("GET", "/nothing", None, None, Error),
    ("GET", "/books?page=x", None, None, Error),
]


def routes(app: Flask) -> set[tuple[str, str]]:
    """Return the method and path of every route."""
    pairs = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<id:(\w+)>", r"{\1}", rule.rule)
        pairs |= {(method, path) for method in rule.methods or () if method not in {"HEAD", "OPTIONS"}}
    return {(method, path) for method, path in pairs if path not in UNDOCUMENTED}


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Return the method, path and content of every operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def references(part: object) -> Iterator[str]:
    """Return every `$ref` in the document."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("ports", [*((name,) for name in ALL_PORTS), ALL_PORTS])
def test_every_route_is_in_the_document_of_its_port(services: Services, ports: tuple[str, ...]) -> None:
    """The document has these operations and no others."""
    app = create_app(config(), services.stubs(), ports)
    document = app.test_client().get("/openapi.json").json
    assert {(method, path) for method, path, _ in operations(document)} == routes(app)


def test_the_document_is_consistent(client: FlaskClient) -> None:
    """Every reference has a target, every operation has its own id, and paths declare their parameters."""
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
    """The generated types depend on numbers, enums and required keys."""
    schemas = (client.get("/openapi.json").json or {})["components"]["schemas"]
    assert schemas["Book"]["properties"]["price"]["type"] == "number"
    assert set(schemas["Book"]["required"]) == set(schemas["Book"]["properties"])
    assert schemas["Order"]["properties"]["status"]["enum"] == ["pending", "completed", "failed"]
    assert set(schemas["Order"]["required"]) == set(schemas["Order"]["properties"])
    assert schemas["OrdersResponse"]["required"] == ["code", "data"]
    assert schemas["OrdersResponse"]["properties"]["pagination"] == {"$ref": "#/components/schemas/Pagination"}
    assert schemas["RegisterRequest"]["required"] == ["username", "email", "password"]
    assert schemas["PriceRange"]["properties"]["lowest"]["anyOf"] == [{"type": "number"}, {"type": "null"}]


def test_the_security_of_each_route_is_documented(client: FlaskClient) -> None:
    """Each operation has the security scheme of its route."""
    document = client.get("/openapi.json").json
    schemes = {operation["operationId"]: operation["security"] for _, _, operation in operations(document)}
    assert schemes["getBook"] == []
    assert schemes["placeOrder"] == [{"user": []}]
    assert schemes["decrementBook"] == [{"service": []}]
    assert schemes["getOrder"] == [{"user": []}, {"service": []}]
    assert schemes["refreshToken"] == [{"refresh_token": []}]


@pytest.mark.parametrize(("method", "path", "body", "scheme", "model"), ROUTES)
def test_responses_match_the_document(
    client: FlaskClient, method: str, path: str, body: object, scheme: str | None, model: ResponseType
) -> None:
    """They have exactly the documented keys, and values of the documented types."""
    headers = bearer() if scheme == "user" else service_bearer(scheme) if scheme else {}
    response = client.open(path, method=method, json=body, headers=headers)
    exact = TypeAdapter(list[model], config=ConfigDict(extra="forbid"))  # type: ignore[valid-type] # TypedDicts take their settings from the list
    exact.validate_json(b"[" + response.data + b"]", strict=True)
