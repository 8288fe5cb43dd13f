"""Port 5001 keeps its rows of the contract."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import grpc
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.tests.fakes import ORIGIN, SESSION, Services, bearer, config
from mesh.errors import AlreadyExists, InvalidArgument, MeshError, Unauthenticated

pytestmark = pytest.mark.unit

ADA = {"username": "Ada", "email": "Ada@example.org", "password": "secret"}


def cookie(response: TestResponse) -> "Morsel[str]":
    """The refresh cookie that the answer sets."""
    return SimpleCookie(response.headers["Set-Cookie"])["refresh_token"]


def test_register_answers_the_account(client: FlaskClient, services: Services) -> None:
    """201 with exactly the three keys."""
    response = client.post("/register", json=ADA)
    assert response.status_code == 201
    assert response.json == {"code": 201, "data": {"user_id": 7, "email": "ada@example.org", "username": "Ada"}}
    asked = services.register.asked[0]
    assert (asked.username, asked.email, asked.password) == ("Ada", "Ada@example.org", "secret")


@pytest.mark.parametrize("body", [{}, {"username": None, "email": None}])
def test_missing_fields_reach_the_service_empty(client: FlaskClient, services: Services, body: object) -> None:
    """The service, not the gateway, has the sentence for them."""
    sentence = "Username, email and password are required."
    services.register.fails(InvalidArgument(sentence, "INVALID_FIELD"))
    response = client.post("/register", json=body)
    assert (response.status_code, response.json) == (400, {"code": 400, "message": sentence})
    assert services.register.asked[0].username == ""


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
    """`data` is the email and nothing else."""
    services.register.fails(error)
    response = client.post("/register", json=ADA)
    assert response.status_code == status
    assert response.json == {"code": status, "message": error.message, "data": {"email": "Ada@example.org"}}


def test_login_answers_the_token_and_sets_the_cookie(client: FlaskClient) -> None:
    """The cookie has every attribute of the contract, and the answer is not cached."""
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


def test_the_cookie_can_be_made_for_plain_http(services: Services) -> None:
    """`COOKIE_SECURE=false` leaves Secure out, for a browser on another machine of a test network."""
    client = create_app(config(COOKIE_SECURE="false"), services.stubs()).test_client()
    assert not cookie(client.post("/login", json={"email": "a@b.cd", "password": "x"}))["secure"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidArgument("Email and password are required.", "INVALID_FIELD"), 400),
        (Unauthenticated("Invalid email or password.", "BAD_CREDENTIALS"), 401),
    ],
)
def test_login_says_why_not(client: FlaskClient, services: Services, error: MeshError, status: int) -> None:
    """The service's own sentence, and no cookie."""
    services.login.fails(error)
    response = client.post("/login", json={"email": "a@b.cd", "password": "x"})
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})
    assert "Set-Cookie" not in response.headers


def test_refresh_rotates_the_cookie(client: FlaskClient, services: Services) -> None:
    """No body, no content type: as the clients that exist send it."""
    client.set_cookie("refresh_token", "old", path="/refresh-token")
    response = client.post("/refresh-token")
    assert (response.status_code, response.json) == (200, {"code": 200, "access_token": "access"})
    assert services.refresh.asked[0].refresh_token == "old"
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
def test_refresh_says_why_not(client: FlaskClient, services: Services, error: MeshError, status: int) -> None:
    """All five sentences come from the service, which is asked without a cookie, too."""
    services.refresh.fails(error)
    response = client.post("/refresh-token")
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})


def test_a_cookie_that_is_too_long_is_no_token(client: FlaskClient, services: Services) -> None:
    """The service is not troubled with it."""
    plain = client.application.test_client(use_cookies=False)
    response = plain.post("/refresh-token", headers={"Cookie": "refresh_token=" + "x" * 5000})
    assert response.json == {"code": 401, "message": "Invalid refresh token."}
    assert not services.refresh.asked


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), ("https://evil.example", 403), ("null", 403)])
def test_refresh_is_for_allowed_origins(client: FlaskClient, origin: str, status: int) -> None:
    """A foreign page cannot rotate a visitor's token."""
    assert client.post("/refresh-token", headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("changed", [{}, {"exp": 1000, "iat": 100}])
def test_logout_ends_the_session_of_the_bearer(
    client: FlaskClient, services: Services, changed: dict[str, Any]
) -> None:
    """Even when the token has expired; the cookie is cleared at the path where it was set."""
    response = client.post("/logout", headers=bearer(**changed))
    assert (response.status_code, response.json) == (200, {"code": 200, "message": "Logged out"})
    assert [asked.session_id for asked in services.logout.asked] == [SESSION]
    set_cookie = cookie(response)
    assert (set_cookie.value, set_cookie["max-age"], set_cookie["path"]) == ("", "0", "/refresh-token")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer forged"}, bearer(sid=None), bearer(sid="no uuid"), bearer(sid=7)]
)
def test_logout_without_a_session_is_no_error(client: FlaskClient, services: Services, headers: dict[str, str]) -> None:
    """Whoever asks is logged out, as far as this browser goes."""
    response = client.post("/logout", headers=headers)
    assert response.status_code == 200
    assert cookie(response).value == ""
    assert not services.logout.asked


def test_logout_says_when_it_could_not_end_the_session(client: FlaskClient, services: Services) -> None:
    """A session that lives on is not called ended."""
    services.logout.fails(grpc.StatusCode.UNAVAILABLE)
    assert client.post("/logout", headers=bearer()).status_code == 503
