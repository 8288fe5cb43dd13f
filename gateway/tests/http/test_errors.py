"""Every failure becomes a status and one plain sentence in JSON."""

import grpc
import pytest
from bookstore.books.v1 import books_pb2
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.http.errors import HTTP_STATUSES
from gateway.tests.fakes import Services, bearer, config
from mesh.errors import MeshError, PermissionDenied, ResourceExhausted, Unauthenticated

pytestmark = pytest.mark.unit

Code = grpc.StatusCode
OURS = "Something went wrong on our side."


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_a_status(client: FlaskClient, services: Services, code: grpc.StatusCode) -> None:
    """A text that no service wrote for people is not shown to them."""
    services.get_book.fail_with(code)
    response = client.get("/books/1")
    assert response.status_code == HTTP_STATUSES.get(code, 500)
    assert set(response.json or {}) == {"code", "message"}
    assert "internal text" not in response.text
    assert ("Retry-After" in response.headers) == (response.status_code in {429, 503})


@pytest.mark.parametrize(
    ("code", "path", "message"),
    [
        (Code.UNAVAILABLE, "/books/1", "The books service is not available right now. Please try again."),
        (Code.CANCELLED, "/books/1", "The books service is not available right now. Please try again."),
        (Code.DEADLINE_EXCEEDED, "/books/1", "The books service took too long to respond. Please try again."),
        (Code.UNAVAILABLE, "/checkorder/5", "The orders service is not available right now. Please try again."),
        (Code.INTERNAL, "/books/1", OURS),
        (Code.UNIMPLEMENTED, "/books/1", OURS),
    ],
)
def test_a_service_that_fails_is_named(
    client: FlaskClient, services: Services, code: grpc.StatusCode, path: str, message: str
) -> None:
    """The message tells the user whether to try again."""
    services.get_book.fail_with(code)
    services.get_order.fail_with(code)
    assert (client.get(path, headers=bearer()).json or {})["message"] == message


@pytest.mark.parametrize(
    "error",
    [
        Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID"),
        Unauthenticated("The mesh token has expired.", "TOKEN_EXPIRED"),
        PermissionDenied("gateway may not call GetBook.", "CALLER_NOT_ALLOWED"),
    ],
)
@pytest.mark.parametrize("path", ["/books/1", "/orders/5"])
def test_a_refused_gateway_is_not_a_refused_user(
    client: FlaskClient, services: Services, error: MeshError, path: str
) -> None:
    """A refused token of the gateway is an internal error, which is logged."""
    services.get_book.fail_with(error)
    services.get_order.fail_with(error)
    with capture_logs() as lines:
        response = client.get(path, headers=bearer())
    assert (response.status_code, response.json) == (500, {"code": 500, "message": OURS})
    assert [line["reason"] for line in lines if line["event"] == "call failed"] == [error.reason]


def test_too_many_requests_have_the_wait_of_the_service(client: FlaskClient, services: Services) -> None:
    """`Retry-After` is the number of seconds that the service sent."""
    services.login.fail_with(ResourceExhausted("Too many attempts.", "THROTTLED", metadata={"retry_after": "17"}))
    response = client.post("/login", json={"email": "a@b.cd", "password": "x"})
    assert response.json == {"code": 429, "message": "Too many attempts."}
    assert response.headers["Retry-After"] == "17"


def test_an_unexpected_error_is_logged_and_not_shown(client: FlaskClient, services: Services) -> None:
    """The client gets the request id, which is also in the log line."""
    services.get_book.response = RuntimeError("a secret detail")
    with capture_logs() as lines:
        response = client.get("/books/1", headers={"X-Request-ID": "id-1"})
    assert (response.status_code, response.json) == (500, {"code": 500, "message": OURS})
    assert response.headers["X-Request-ID"] == "id-1"
    assert [str(line["exc_info"]) for line in lines if line["event"] == "unexpected error"] == ["a secret detail"]


@pytest.mark.parametrize("ports", [("users",), ("books",), ("orders",), ("place_order",), ("display_orders",)])
def test_a_port_serves_its_own_routes_only(services: Services, ports: tuple[str, ...]) -> None:
    """All other paths are 404."""
    paths = {
        "users": "/login", "books": "/books", "orders": "/orders", "place_order": "/placeorder",
        "display_orders": "/myorders",
    }  # fmt: skip
    client = create_app(config(), services.stubs(), ports).test_client()
    for name, path in paths.items():
        assert (client.open(path, method="OPTIONS").status_code == 204) == (name in ports)
    for path in ("/health", "/ready", "/openapi.json", "/docs"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "//books", "/books//1", "/static/docs.css", "/docs/", "/%2e%2e/x"])
def test_unknown_paths_are_json(client: FlaskClient, path: str) -> None:
    """The response is neither HTML nor a redirect."""
    response = client.get(path)
    assert (response.status_code, response.json) == (404, {"code": 404, "message": "No resource exists at this path."})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/books/1", {"GET"}), ("GET", "/login", {"POST"}), ("PATCH", "/orders/5", {"GET", "PUT"})],
)
def test_wrong_methods_get_the_right_ones(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    """The response is 405 with `Allow`."""
    response = client.open(path, method=method)
    assert (response.json or {})["message"] == "This path does not support this method."
    assert set(response.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize(
    ("path", "needs"),
    [("users", {"users"}), ("books", {"books"}), ("orders", {"orders"}), ("place_order", {"orders", "books"})],
)
def test_a_port_is_ready_when_its_services_serve(services: Services, path: str, needs: set[str]) -> None:
    """The 503 names the service that does not serve; `/health` does not depend on it."""
    client = create_app(config(), services.stubs(), (path,)).test_client()
    for name in ("users", "books", "orders"):
        services.down = {name}
        response = client.get("/ready")
        assert response.status_code == (503 if name in needs else 200)
        if name in needs:
            assert response.json == {"code": 503, "message": f"The {name} service is not serving."}
        assert client.get("/health").json == {"status": "ok"}
    services.down = set()
    assert client.get("/ready").json == {"status": "ok"}


def test_an_empty_message_is_no_error(client: FlaskClient, services: Services) -> None:
    """The price of an empty book is null."""
    services.get_book.response = books_pb2.GetBookResponse()
    assert client.get("/books/1").status_code == 200
