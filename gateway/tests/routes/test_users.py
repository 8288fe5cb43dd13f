"""Port 5001 serves its routes as the REST contract defines them."""

import time
from http.cookies import Morsel, SimpleCookie
from typing import Any

import grpc
import pytest
from bookstore.users.v1 import users_pb2
from flask.testing import FlaskClient
from google.protobuf.timestamp_pb2 import Timestamp
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.tests.fakes import ORIGIN, SESSION, Services, bearer, config
from mesh.errors import AlreadyExists, InvalidArgument, MeshError, Unauthenticated

pytestmark = pytest.mark.unit

LOGIN = {"email": "ada@example.org", "password": "secret"}
ADA = {"username": "Ada", "email": "Ada@example.org", "password": "secret"}


def cookie(response: TestResponse) -> "Morsel[str]":
    """Return the refresh cookie that the response sets."""
    return SimpleCookie(response.headers["Set-Cookie"])["refresh_token"]


def test_register_returns_the_account(client: FlaskClient, services: Services) -> None:
    """The response is 201 with exactly the three keys."""
    response = client.post("/register", json=ADA)
    assert response.status_code == 201
    assert response.json == {"code": 201, "data": {"user_id": 7, "email": "ada@example.org", "username": "Ada"}}
    request = services.register.requests[0]
    assert (request.username, request.email, request.password) == ("Ada", "Ada@example.org", "secret")


@pytest.mark.parametrize("body", [{}, {"username": None, "email": None}])
def test_missing_fields_reach_the_service_empty(client: FlaskClient, services: Services, body: object) -> None:
    """The service, not the gateway, has the message for them."""
    sentence = "Username, email and password are required."
    services.register.fail_with(InvalidArgument(sentence, "INVALID_FIELD"))
    response = client.post("/register", json=body)
    assert (response.status_code, response.json) == (400, {"code": 400, "message": sentence})
    assert services.register.requests[0].username == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidArgument("Invalid email format.", "INVALID_FIELD", fields={"email": "Invalid email format."}), 400),
        (
            InvalidArgument("Password must be at least 6 characters.", "PASSWORD_TOO_SHORT", fields={"password": "x"}),
            400,
        ),
        (AlreadyExists("Email is already registered.", "EMAIL_TAKEN", metadata={"email": "ada@example.org"}), 409),
    ],
)
def test_errors_of_register_carry_the_email_as_sent(
    client: FlaskClient, services: Services, error: MeshError, status: int
) -> None:
    """`data` has the email and nothing else."""
    services.register.fail_with(error)
    response = client.post("/register", json=ADA)
    assert response.status_code == status
    assert response.json == {"code": status, "message": error.message, "data": {"email": "Ada@example.org"}}


def test_login_returns_the_token_and_sets_the_cookie(client: FlaskClient) -> None:
    """The cookie has every attribute of the contract, and the response is not cached."""
    response = client.post("/login", json={"email": "ada@example.org", "password": "secret"})
    assert (response.status_code, response.json) == (200, {"code": 200, "access_token": "access"})
    assert response.headers["Cache-Control"] == "no-store"
    set_cookie = cookie(response)
    assert set_cookie.value == "refresh"
    assert set_cookie["httponly"]
    assert set_cookie["secure"]
    assert (set_cookie["samesite"], set_cookie["path"]) == ("Strict", "/refresh-token")
    assert 86390 <= int(set_cookie["max-age"]) <= 86400
    assert set_cookie["expires"].endswith("GMT")


def test_login_makes_the_device_known(client: FlaskClient, services: Services) -> None:
    """A second cookie, for log-ins only, lasts long; the browser sends it back, and the log-out does not clear it."""
    services.login.response = users_pb2.LoginResponse(
        tokens=users_pb2.TokenPair(access_token="access", refresh_token="refresh"),
        device_token="the device",
        device_expire_time=Timestamp(seconds=int(time.time()) + 180 * 86400),
    )
    response = client.post("/login", json=LOGIN)
    device = SimpleCookie(response.headers.getlist("Set-Cookie")[1])["device"]
    assert (device.value, device["path"], device["samesite"]) == ("the device", "/login", "Strict")
    assert device["httponly"]
    assert device["secure"]
    assert 179 * 86400 < int(device["max-age"]) <= 180 * 86400
    plain = client.application.test_client(use_cookies=False)
    plain.post("/login", json=LOGIN, headers={"Cookie": 'device="the device"'})
    plain.post("/login", json=LOGIN, headers={"Cookie": "device=" + "x" * 5000})
    assert [request.device_token for request in services.login.requests] == ["", "the device", ""]
    assert not [each for each in client.post("/logout").headers.getlist("Set-Cookie") if "device" in each]


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix", ""),
        ('192.0.2.1\n{"event":"logged in"}', ""),
        ("x" * 500, ""),
    ],
)
def test_the_service_gets_the_address_of_the_client(
    client: FlaskClient, services: Services, peer: str, address: str
) -> None:
    """It is what the proxies report, as for the rate limits, and nothing but an IP address."""
    for path, body in (
        ("/register", {"json": ADA}),
        ("/login", {"json": LOGIN}),
        ("/refresh-token", {}),
        ("/logout", {}),
    ):
        client.post(path, headers=bearer(), environ_base={"REMOTE_ADDR": peer}, **body)
    rpcs = (services.register, services.login, services.refresh, services.logout)
    assert [rpc.requests[0].client_address for rpc in rpcs] == [address] * 4


def test_the_cookie_can_be_set_for_plain_http(services: Services) -> None:
    """`COOKIE_SECURE=false` omits Secure, for a browser on another machine of a test network."""
    client = create_app(config(COOKIE_SECURE="false"), services.stubs()).test_client()
    assert not cookie(client.post("/login", json={"email": "a@b.cd", "password": "x"}))["secure"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidArgument("Email and password are required.", "INVALID_FIELD"), 400),
        (Unauthenticated("Invalid email or password.", "BAD_CREDENTIALS"), 401),
    ],
)
def test_login_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int
) -> None:
    """The response has the message of the service, and no cookie."""
    services.login.fail_with(error)
    response = client.post("/login", json={"email": "a@b.cd", "password": "x"})
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})
    assert "Set-Cookie" not in response.headers


def test_refresh_rotates_the_cookie(client: FlaskClient, services: Services) -> None:
    """Existing clients send neither a body nor a content type."""
    client.set_cookie("refresh_token", "old", path="/refresh-token")
    response = client.post("/refresh-token")
    assert (response.status_code, response.json) == (200, {"code": 200, "access_token": "access"})
    assert services.refresh.requests[0].refresh_token == "old"
    assert cookie(response).value == "refresh"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unauthenticated("Missing refresh token.", "REFRESH_MISSING"), 401),
        (Unauthenticated("Refresh token expired.", "REFRESH_EXPIRED"), 401),
        (Unauthenticated("Invalid refresh token.", "REFRESH_INVALID"), 401),
        (Unauthenticated("Invalid refresh token user.", "REFRESH_USER_GONE"), 401),
        (InvalidArgument("Invalid token type", "TOKEN_TYPE"), 400),
    ],
)
def test_refresh_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int
) -> None:
    """All five messages come from the service, which is also called without a cookie."""
    services.refresh.fail_with(error)
    response = client.post("/refresh-token")
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})


def test_a_cookie_that_is_too_long_is_no_token(client: FlaskClient, services: Services) -> None:
    """The service is not called."""
    plain = client.application.test_client(use_cookies=False)
    response = plain.post("/refresh-token", headers={"Cookie": "refresh_token=" + "x" * 5000})
    assert response.json == {"code": 401, "message": "Invalid refresh token."}
    assert not services.refresh.requests


@pytest.mark.parametrize("path", ["/login", "/refresh-token", "/logout"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        (ORIGIN, 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://localhost:5173.evil.example", 403),
        ("http://evil.example/http://localhost:5173", 403),
        ("http://localhost:51730", 403),
        ("http://localhost", 403),
        ("https://localhost:5173", 403),
        ("HTTP://LOCALHOST:5173", 403),
    ],
)
def test_cookie_routes_are_for_allowed_origins(
    client: FlaskClient, services: Services, path: str, origin: str | None, status: int
) -> None:
    """A page of another site can neither rotate a visitor's token, nor log the visitor out or in to another account."""
    body: Any = LOGIN if path == "/login" else None
    headers = {**bearer(), **({} if origin is None else {"Origin": origin})}
    response = client.post(path, json=body, headers=headers) if body else client.post(path, headers=headers)
    assert response.status_code == status
    if status == 403:
        assert "Set-Cookie" not in response.headers
        assert not services.login.requests + services.refresh.requests + services.logout.requests


@pytest.mark.parametrize(("site", "status"), [("same-origin", 200), ("same-site", 403), ("cross-site", 403)])
def test_pages_of_the_gateway_itself_are_allowed(client: FlaskClient, site: str, status: int) -> None:
    """The browser says that a request comes from the same origin, and no page can say so itself."""
    headers = {"Origin": "http://127.0.0.1:5001", "Sec-Fetch-Site": site}
    assert client.post("/login", json=LOGIN, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 200), ("same-origin", 200), ("none", 200), (None, 200)]
)
@pytest.mark.parametrize("path", ["/refresh-token", "/logout"])
def test_pages_of_another_site_cannot_use_the_cookie(
    client: FlaskClient, path: str, site: str | None, status: int
) -> None:
    """CORS may allow their origin all the same; programs and typed addresses send another value or none."""
    headers = {"Origin": ORIGIN} | ({"Sec-Fetch-Site": site} if site else {})
    assert client.post(path, headers=headers).status_code == status


@pytest.mark.parametrize("header", ["refresh_token=a; refresh_token=b", "refresh_token=a; x=1; refresh_token=a"])
@pytest.mark.parametrize("path", ["/refresh-token", "/logout"])
def test_two_refresh_tokens_are_refused(client: FlaskClient, services: Services, path: str, header: str) -> None:
    """Another host of the domain may have set one of them; the gateway does not choose."""
    plain = client.application.test_client(use_cookies=False)
    response = plain.post(path, headers={"Cookie": header})
    assert (response.status_code, (response.json or {})["message"]) == (401, "Invalid refresh token.")
    assert (services.refresh.requests, services.logout.requests) == ([], [])
    assert plain.post("/logout", headers={"Cookie": header, **bearer(sid=SESSION)}).status_code == 200


def test_a_form_cannot_log_in(client: FlaskClient) -> None:
    """A page of another site cannot send JSON without a preflight request."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert client.post("/login", data='{"email": "a@b.cd", "password": "x"}', content_type=kind).status_code == 415


@pytest.mark.parametrize("changed", [{}, {"exp": 1000, "iat": 100}])
def test_logout_ends_the_session_of_the_cookie_when_there_is_no_bearer(
    client: FlaskClient, services: Services, changed: dict[str, Any]
) -> None:
    """Other clients than browsers may send the cookie here; a bearer token takes precedence."""
    token = bearer(type="refresh", **changed)["Authorization"].split()[1]
    plain = client.application.test_client(use_cookies=False)
    assert plain.post("/logout", headers={"Cookie": f"refresh_token={token}"}).status_code == 200
    assert [request.session_id for request in services.logout.requests] == [SESSION]
    other = "11111111-2222-4333-8444-555555555555"
    plain.post("/logout", headers={"Cookie": f"refresh_token={token}", **bearer(sid=other)})
    assert services.logout.requests[-1].session_id == other


@pytest.mark.parametrize("cookie", ["forged", "", "x" * 5000, "a.b.c"])
def test_logout_with_a_bad_cookie_is_no_error(client: FlaskClient, services: Services, cookie: str) -> None:
    """There is no session to end."""
    plain = client.application.test_client(use_cookies=False)
    assert plain.post("/logout", headers={"Cookie": f"refresh_token={cookie}"}).status_code == 200
    assert not services.logout.requests


@pytest.mark.parametrize("changed", [{}, {"exp": 1000, "iat": 100}])
def test_logout_ends_the_session_of_the_bearer(
    client: FlaskClient, services: Services, changed: dict[str, Any]
) -> None:
    """The token may have expired; the cookie is cleared at the path for which it was set."""
    response = client.post("/logout", headers=bearer(**changed))
    assert (response.status_code, response.json) == (200, {"code": 200, "message": "Logged out"})
    assert [request.session_id for request in services.logout.requests] == [SESSION]
    set_cookie = cookie(response)
    assert (set_cookie.value, set_cookie["max-age"], set_cookie["path"]) == ("", "0", "/refresh-token")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer forged"}, bearer(sid=None), bearer(sid="no uuid"), bearer(sid=7)]
)
def test_logout_without_a_session_is_no_error(client: FlaskClient, services: Services, headers: dict[str, str]) -> None:
    """The cookie of this browser is cleared."""
    response = client.post("/logout", headers=headers)
    assert response.status_code == 200
    assert cookie(response).value == ""
    assert not services.logout.requests


def test_logout_reports_that_the_session_has_not_ended(client: FlaskClient, services: Services) -> None:
    """A session that has not ended is not reported as ended."""
    services.logout.fail_with(grpc.StatusCode.UNAVAILABLE)
    assert client.post("/logout", headers=bearer()).status_code == 503
