"""Bad input gets a 4xx with one sentence, and the next good request works. The gRPC servers are real."""

from collections.abc import Iterator
from concurrent import futures
from contextlib import ExitStack
from typing import Any

import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from bookstore.users.v1 import users_pb2, users_pb2_grpc
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.stubs import connect
from gateway.tests.fakes import Services, bearer, config, service_bearer
from gateway.tests.routes.test_orders import NEW
from mesh.server import Service
from mesh.testing import running

pytestmark = pytest.mark.integration

Example = tuple[str, str, dict[str, Any], dict[str, str]]

LONG, HUGE = "x" * 10_000, 10**30
GOOD: dict[str, Example] = {
    "register": ("POST", "/register", {"username": "Ada", "email": "ada@example.org", "password": "secret"}, {}),
    "login": ("POST", "/login", {"email": "ada@example.org", "password": "secret"}, {}),
    "decrement": ("PUT", "/books/1/decrement", {"quantity_ordered": 1}, service_bearer("books")),
    "create": ("POST", "/orders", NEW, service_bearer("orders")),
    "status": ("PUT", "/orders/5", {"status": "failed"}, service_bearer("orders")),
    "place": ("POST", "/placeorder", {"book_id": 1, "quantity": 1, "price": 24.9}, bearer()),
}
ANY: dict[str, Any] = {"a list": [1], "an object": {"a": 1}, "true": True, "false": False}
NUMBER: dict[str, Any] = {
    **ANY, "a fraction": 1.5, "a whole float": 1.0, "text": "1", "NUL": "\x00", "beyond int64": 2**63, "huge": HUGE,
    "beyond int64 below": -(2**63) - 1, "zero": 0, "below": -1, "empty": "",
}  # fmt: skip
SMALL = {**NUMBER, "beyond int32": 2**31}
MONEY: dict[str, Any] = {
    **ANY, "a word": "cheap", "three decimals": 1.234, "below": -1, "huge": HUGE, "scientific": "1e2", "NaN": "NaN",
    "infinite": "Infinity", "empty": "", "NUL": "1\x00", "long": "9" * 10_000, "tiny": 1e-300,
}  # fmt: skip
TEXT: dict[str, Any] = {**ANY, "a number": 1, "long": LONG, "NUL": "a\x00b"}
MAIL = {**TEXT, "no at": "ada", "two lines": "ada@example.org\nBcc: x"}
SECRET = {**ANY, "a number": 1, "long": LONG}
WORD: dict[str, Any] = {**ANY, "a number": 1, "unknown": "done", "empty": "", "upper case": "PENDING"}
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "register": {"username": TEXT, "email": MAIL, "password": SECRET},
    "login": {"email": TEXT, "password": SECRET},
    "decrement": {"quantity_ordered": SMALL},
    "create": {
        "book_id": NUMBER, "user_id": NUMBER, "price": MONEY, "quantity": SMALL, "status": WORD, "title": TEXT,
        "authors": TEXT, "url": TEXT,
    },
    "status": {"status": {**WORD, "no end": "pending"}},
    "place": {"book_id": NUMBER, "quantity": SMALL, "price": MONEY},
}  # fmt: skip
VALUES = [
    pytest.param(route, field, value, id=f"{route}-{field}-{name}")
    for route, fields in FIELDS.items()
    for field, values in fields.items()
    for name, value in values.items()
]
BODIES = {
    "empty": (b"", "The body is not valid JSON."),
    "half": (b"{", "The body is not valid JSON."),
    "not UTF-8": (b'{"a": "\xff"}', "The body is not valid JSON."),
    "a byte order mark": (b"\xef\xbb\xbf{}", "The body is not valid JSON."),
    "a lone surrogate": (b'{"email": "\\ud800"}', "The body is not valid JSON."),
    "NaN": (b'{"quantity": NaN}', "The body is not valid JSON."),
    "Infinity": (b'{"quantity": Infinity}', "The body is not valid JSON."),
    "single quotes": (b"{'a': 1}", "The body is not valid JSON."),
    "trailing comma": (b'{"a": 1,}', "The body is not valid JSON."),
    "two values": (b"{} {}", "The body is not valid JSON."),
    "deep nesting": (b"[" * 30_000 + b"]" * 30_000, "The body is not valid JSON."),
    "a form": (b"email=a&password=b", "The body is not valid JSON."),
    "a list": (b"[1, 2]", "The body must be a JSON object."),
    "a number": (b"1", "The body must be a JSON object."),
    "null": (b"null", "The body must be a JSON object."),
    "text": (b'"quantity"', "The body must be a JSON object."),
}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of an app in front of real servers, which check the rules of the contracts."""
    fakes = Services()
    stubs = fakes.stubs()
    services = [
        served("users", users_pb2, users_pb2_grpc, stubs.by_service["users"]),
        served("books", books_pb2, books_pb2_grpc, stubs.by_service["books"]),
        served("orders", orders_pb2, orders_pb2_grpc, stubs.by_service["orders"]),
    ]
    with ExitStack() as stack:
        targets = [stack.enter_context(running(service)) for service in services]
        settings = config(**{f"{target.name.upper()}_TARGET": target.address for target in targets})
        yield create_app(settings, connect(settings)).test_client()


def served(name: str, contract: Any, code: Any, stub: Any) -> Service:
    """Return a service that returns what the stub returns."""
    methods = {each: lambda _, request, __, rpc=rpc: rpc(request) for each, rpc in vars(stub).items()}
    title = name.title()
    servicer = type("Answering", (getattr(code, f"{title}Servicer"),), methods)()
    add = getattr(code, f"add_{title}Servicer_to_server")
    return Service(name, contract.DESCRIPTOR.services_by_name[title], lambda server: add(servicer, server))


def send(client: FlaskClient, route: str, body: Any) -> Any:
    """Return the response of a route to a body."""
    method, path, _, headers = GOOD[route]
    return client.open(path, method=method, json=body, headers=headers)


def assert_good_still_works(client: FlaskClient, route: str) -> None:
    """Assert that a good request works."""
    assert send(client, route, GOOD[route][2]).status_code in {200, 201}


@pytest.mark.parametrize(("route", "field", "value"), VALUES)
def test_a_bad_value_is_refused_by_name(client: FlaskClient, route: str, field: str, value: object) -> None:
    """The response is 400 with a sentence that names the field, or with the contract's own sentence for it."""
    response = send(client, route, {**GOOD[route][2], field: value})
    assert response.status_code == 400
    message = response.json["message"]
    own = ("Invalid email format.", "Invalid quantity provided.", "Email and password", "Username, email and")
    assert message.startswith((field, *own))
    assert message.endswith(".")
    assert len(message) < 200
    assert_good_still_works(client, route)


@pytest.mark.parametrize(
    ("route", "field"),
    [
        (route, field)
        for route, (_, _, body, _) in GOOD.items()
        for field in body
        if field not in {"price", "status", "title", "authors", "url"}
    ],
)
@pytest.mark.parametrize("null", [True, False])
def test_a_missing_value_is_refused(client: FlaskClient, route: str, field: str, null: bool) -> None:  # noqa: FBT001 - a table
    """Null counts as absent."""
    body = {name: value for name, value in GOOD[route][2].items() if name != field}
    response = send(client, route, {**body, field: None} if null else body)
    assert response.status_code == 400
    assert field.split("_", maxsplit=1)[0] in response.json["message"].lower()
    assert_good_still_works(client, route)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("route", GOOD)
def test_a_bad_body_is_refused(client: FlaskClient, route: str, name: str) -> None:
    """The response is 400 with one of two sentences."""
    method, path, _, headers = GOOD[route]
    raw, message = BODIES[name]
    response = client.open(path, method=method, data=raw, headers=headers, content_type="application/json")
    assert (response.status_code, response.json) == (400, {"code": 400, "message": message})
    assert_good_still_works(client, route)


@pytest.mark.parametrize("route", GOOD)
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"])
def test_another_content_type_is_refused(client: FlaskClient, route: str, kind: str) -> None:
    """The response is 415: a page of another site can send a form without a preflight request, but not JSON."""
    method, path, _, headers = GOOD[route]
    response = client.open(path, method=method, data=b"{}", headers=headers, content_type=kind)
    message = "The body must be sent as application/json."
    assert (response.status_code, response.json) == (415, {"code": 415, "message": message})


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"]
)
def test_json_by_its_other_names_is_accepted(client: FlaskClient, kind: str) -> None:
    """Parameters and structured suffixes are allowed."""
    response = client.post("/login", data=b'{"email": "a@b.cd", "password": "x"}', content_type=kind)
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/logout", "/refresh-token"])
def test_routes_without_a_body_accept_none_or_json(client: FlaskClient, path: str) -> None:
    """Existing clients send no body, with any content type."""
    assert client.post(path, content_type="text/plain").status_code in {200, 401}
    assert client.post(path, json={}).status_code in {200, 401}
    assert client.post(path, data=b"a=1", content_type="text/plain").status_code == 415
    assert client.post(path, data=b"{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("route", GOOD)
def test_a_body_over_64_kib_is_refused(client: FlaskClient, route: str) -> None:
    """One byte more is 413, whether the length was sent or not; exactly 64 KiB is accepted."""
    method, path, good, headers = GOOD[route]
    for size, chunked, status in ((65537, False, 413), (65537, True, 413), (200_000, False, 413), (200_000, True, 413)):
        body = b'{"pad": "' + b"x" * (size - 11) + b'"}'
        extra: Any = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""} if chunked else {}
        response = client.open(
            path, method=method, data=body, headers=headers, content_type="application/json", environ_overrides=extra
        )
        assert (response.status_code, response.json["message"]) == (status, "The body is larger than 64 KiB.")  # type: ignore[index]
    padded = {**good, "pad": ""}
    padded["pad"] = "x" * (65536 - len(client.application.json.dumps(padded)))
    raw = client.application.json.dumps(padded)
    response = client.open(path, method=method, data=raw, headers=headers, content_type="application/json")
    assert response.status_code in {200, 201}


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_bad_idempotency_key_is_refused(client: FlaskClient, key: str) -> None:
    """The error has the name of the header."""
    response = client.post("/placeorder", json=GOOD["place"][2], headers={**bearer(), "Idempotency-Key": key})
    message = "Idempotency-Key must be 1 to 255 printable ASCII characters."
    assert (response.status_code, (response.json or {})["message"]) == (400, message)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "limit=0",
        "limit=101",
        "min_price=-1",
        "max_price=1.234",
        f"search={LONG}",
        "search=%00",
        f"genre={LONG}",
    ],
)
def test_a_query_out_of_range_is_refused(client: FlaskClient, query: str) -> None:
    """The response is 400 and names the parameter."""
    response = client.get(f"/books?{query}")
    assert response.status_code == 400
    assert (response.json or {})["message"].startswith(query.partition("=")[0])


@pytest.mark.parametrize(
    "query", ["search=%ff", "search='; DROP TABLE Books; --", "search=😀", "genre=%22", "%00=1", "&&&="]
)
def test_a_strange_query_is_harmless(client: FlaskClient, query: str) -> None:
    """The response is an ordinary list."""
    assert client.get(f"/books?{query}").status_code == 200


@pytest.mark.parametrize("caller", ["gateway", "tester", "unknown"])
def test_the_gateway_does_not_lend_its_privileges(client: FlaskClient, caller: str) -> None:
    """The service itself refuses a caller that its policy does not name."""
    headers = service_bearer("books", caller)
    response = client.put("/books/1/decrement", json={"quantity_ordered": 1}, headers=headers)
    assert response.json == {"code": 403, "message": f"{caller} may not call RemoveStock."}


def test_readiness_checks_the_real_services(client: FlaskClient) -> None:
    """All three report SERVING."""
    assert client.get("/ready").json == {"status": "ok"}


def test_a_missing_service_is_503(client: FlaskClient) -> None:
    """The response names the service, and so does readiness."""
    settings = config(BOOKS_TARGET="127.0.0.1:1")
    alone = create_app(settings, connect(settings), ["books"]).test_client()
    response = alone.get("/books/1")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert alone.get("/ready").json == {"code": 503, "message": "The books service is not serving."}
    assert client.get("/books/1").status_code == 200


def test_many_threads_share_the_channels(client: FlaskClient) -> None:
    """The threads of a port share them in the same way."""
    app = client.application
    with futures.ThreadPoolExecutor(16) as pool:
        statuses = pool.map(lambda _: app.test_client().get("/books/1").status_code, range(200))
        assert set(statuses) == {200}
