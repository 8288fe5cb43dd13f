"""Every response has an id, security headers, and CORS headers for allowed origins only."""

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.tests.fakes import ORIGIN, Services, bearer, config
from mesh.context import current_call

pytestmark = pytest.mark.unit

ALLOWED = ("http://localhost:5173", "http://127.0.0.1:5173")
FOREIGN = (
    "https://evil.example", "http://localhost:5174", "http://localhost", "https://localhost:5173", "null",
    "http://localhost:5173.evil.example", "http://evil.example/http://localhost:5173", "http://localhost:51730",
    "http://evil-localhost:5173", "http://localhost:5173@evil.example", "http://localhost:5173 ", "file://", "*",
    "http://localhost:5173, http://localhost:5173", "http://localhost:5173\thttps://evil.example",
    "http://LOCALHOST:5173", "http://localhost:5173/", "",
)  # fmt: skip
PATHS = ("/books/1", "/nothing", "/myorders", "/health")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ALLOWED)
def test_allowed_origins_may_read(client: FlaskClient, origin: str, path: str) -> None:
    """They may read errors as well, and send credentials."""
    headers = client.get(path, headers={"Origin": origin}).headers
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Expose-Headers"] == "X-Request-ID, Retry-After"
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_other_origins_get_no_cors_header(client: FlaskClient, origin: str, method: str) -> None:
    """`Vary` tells caches that the response depends on the origin."""
    response = client.open("/books/1", method=method, headers={"Origin": origin})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
    assert response.headers["Vary"] == "Origin"


def test_a_preflight_response_lists_what_may_be_sent(client: FlaskClient) -> None:
    """The response is 204 without a body."""
    response = client.options("/placeorder", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT"
    allowed = response.headers["Access-Control-Allow-Headers"]
    assert allowed == "Authorization, Content-Type, Idempotency-Key, X-Request-ID"
    assert response.headers["Access-Control-Max-Age"] == "600"
    assert "Content-Type" not in response.headers
    assert client.options("/nothing").status_code == 404


@pytest.mark.parametrize("path", [*PATHS, "/openapi.json"])
def test_json_is_safe_to_open(client: FlaskClient, path: str) -> None:
    """The headers forbid sniffing, referrers, frames and caching."""
    headers = client.get(path, headers=bearer()).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", [*PATHS, "/docs"])
def test_browsers_are_told_to_use_tls_where_it_is_configured(services: Services, path: str) -> None:
    """`HSTS_SECONDS` sets for how long; without it there is no such header, because most first runs have no TLS."""
    plain = create_app(config(), services.stubs()).test_client()
    assert "Strict-Transport-Security" not in plain.get(path).headers
    encrypted = create_app(config(HSTS_SECONDS="31536000"), services.stubs()).test_client()
    assert encrypted.get(path).headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("sent", "kept"), [("id-1", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("é", False), ("", False)]
)
def test_a_request_has_an_id(client: FlaskClient, sent: str, kept: bool) -> None:  # noqa: FBT001 - a table
    """It is the id that the client sent if that is safe to log, and a new one otherwise."""
    request_id = client.get("/health", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert (request_id == sent) == kept
    assert request_id


def test_the_id_is_sent_with_the_calls(client: FlaskClient, services: Services) -> None:
    """The current call has the id while the service is called, and there is no current call afterwards."""
    client.get("/books/1", headers={"X-Request-ID": "id-1"})
    assert services.get_book.request_ids == ["id-1"]
    assert current_call.get() is None


def test_each_request_is_logged_in_one_line(client: FlaskClient) -> None:
    """It has the path as declared, without ids, query and token."""
    with capture_logs() as lines:
        client.get("/orders/5?secret=1", headers=bearer())
        client.get("/nothing/secret")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/orders/<id:order_id>", 200),
        ("GET", "-", 404),
    ]
    assert "secret" not in str(lines)
    assert "Bearer" not in str(lines)
