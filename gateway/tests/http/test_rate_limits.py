"""An address cannot guess, register and refresh without a limit, and does not affect other addresses."""

from typing import Any

import pytest
from bookstore.users.v1.users_pb2 import LoginRestriction
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.http.errors import MESSAGES, ApiError
from gateway.http.rate_limits import Excess, RateLimit, RateLimiter, excess
from gateway.tests.fakes import Services, config
from mesh.errors import ResourceExhausted, Unauthenticated

pytestmark = pytest.mark.unit

ADA = {"username": "Ada", "email": "ada@example.org", "password": "secret"}
WRONG = Unauthenticated("Invalid email or password.", "BAD_CREDENTIALS")
THREE = dict.fromkeys(("RATE_LIMIT_LOGIN", "RATE_LIMIT_REGISTER", "RATE_LIMIT_REFRESH"), "3 per minute")


def limited(services: Services, **settings: str) -> FlaskClient:
    """Return a client of a gateway that allows three of each per minute."""
    return create_app(config(**{**THREE, **settings}), services.stubs()).test_client()


def post(client: FlaskClient, path: str, address: str = "192.0.2.1", **headers: str) -> TestResponse:
    """Send a POST from this address."""
    body: dict[str, Any] = {} if path == "/refresh-token" else {"json": ADA}
    return client.post(path, headers=headers, environ_base={"REMOTE_ADDR": address}, **body)


def statuses(client: FlaskClient, path: str, times: int, address: str = "192.0.2.1", **headers: str) -> list[int]:
    """Return the statuses of several such requests."""
    return [post(client, path, address, **headers).status_code for _ in range(times)]


@pytest.mark.parametrize(("path", "good"), [("/register", 201), ("/refresh-token", 200)])
def test_an_address_has_a_limit(services: Services, path: str, good: int) -> None:
    """The fourth request is 429 with `Retry-After`, and the service is not called."""
    client = limited(services)
    assert statuses(client, path, 3) == [good] * 3
    response = post(client, path)
    assert (response.status_code, response.json) == (429, {"code": 429, "message": MESSAGES[429]})
    assert 1 <= int(response.headers["Retry-After"]) <= 61  # the library rounds up
    assert len(services.register.requests) + len(services.refresh.requests) == 3
    assert post(client, path, "192.0.2.2").status_code == good


def test_only_failed_logins_count(services: Services) -> None:
    """Many users of one address may log in; beyond twice the limit of failures no unknown device may try."""
    client = limited(services)
    assert statuses(client, "/login", 10) == [200] * 10
    services.login.fail_with(WRONG)
    assert statuses(client, "/login", 7) == [401] * 6 + [429]
    assert len(services.login.requests) == 16
    assert statuses(client, "/login", 1, "192.0.2.2") == [401]


def test_beyond_the_limit_the_service_decides_which_logins_it_refuses(services: Services) -> None:
    """Other users may have the same address: their passwords are checked, and those of guessed accounts are not."""
    client = limited(services)
    services.login.fail_with(WRONG)
    statuses(client, "/login", 3)
    services.login.fail_with(ResourceExhausted("Please wait.", "ADDRESS_THROTTLED", metadata={"retry_after": "60"}))
    assert statuses(client, "/login", 20) == [429] * 20
    services.login.succeed()
    assert statuses(client, "/login", 20) == [200] * 20
    restrictions = [request.restriction for request in services.login.requests]
    assert (
        restrictions
        == [LoginRestriction.LOGIN_RESTRICTION_UNSPECIFIED] * 3 + [LoginRestriction.LOGIN_RESTRICTION_NO_FAILURES] * 40
    )


def test_a_known_device_passes_beyond_twice_the_limit(services: Services) -> None:
    """The service checks the cookie: a forged one does not help."""
    client = limited(services).application.test_client(use_cookies=False)
    services.login.fail_with(WRONG)
    statuses(client, "/login", 6)
    assert statuses(client, "/login", 1) == [429]
    services.login.succeed()
    assert statuses(client, "/login", 1, Cookie="device=the-token") == [200]
    request = services.login.requests[-1]
    assert request.restriction == LoginRestriction.LOGIN_RESTRICTION_KNOWN_DEVICE
    assert request.device_token == "the-token"


def test_requests_in_flight_count() -> None:
    """Many log-ins at once are not all within the limit, although none of them has failed yet; later ones are."""
    app, limiter, limit = Flask("test"), RateLimiter({"login": "3 per minute"}), RateLimit("login", failures_only=True)

    def call_while_others_run(others: int) -> list[Excess]:
        with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            seen: list[Excess] = []

            def endpoint() -> Response:
                seen.append(excess())
                seen.extend(call_while_others_run(others - 1) if others else [])
                return Response()

            limiter.call(limit, endpoint)
            return seen

    assert call_while_others_run(5) == [Excess.NONE] * 3 + [Excess.BEYOND] * 3
    with pytest.raises(ApiError) as raised:
        call_while_others_run(6)
    assert raised.value.status == 429
    assert call_while_others_run(2) == [Excess.NONE] * 3


def test_a_throttled_account_counts_as_a_failure(services: Services) -> None:
    """The service's own limit per account counts for the address as well, and its `Retry-After` is kept."""
    client = limited(services)
    services.login.fail_with(ResourceExhausted("Please wait.", "LOGIN_THROTTLED", metadata={"retry_after": "7"}))
    response = post(client, "/login")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert response.json == {"code": 429, "message": "Please wait."}
    statuses(client, "/login", 3)
    restrictions = [request.restriction for request in services.login.requests]
    assert restrictions[2:] == [
        LoginRestriction.LOGIN_RESTRICTION_UNSPECIFIED,
        LoginRestriction.LOGIN_RESTRICTION_NO_FAILURES,
    ]


def test_each_kind_has_its_own_count(services: Services) -> None:
    """Three registrations do not prevent a log-in from the same address."""
    client = limited(services)
    assert statuses(client, "/register", 4)[-1] == 429
    assert statuses(client, "/login", 1) == [200]
    assert statuses(client, "/refresh-token", 1) == [200]
    assert client.get("/books/1", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_a_limit_can_be_off(services: Services) -> None:
    """It can be off for a load test, or behind a proxy that has limits of its own."""
    assert statuses(limited(services, RATE_LIMIT_REGISTER="off"), "/register", 10) == [201] * 10


def test_a_limit_may_have_two_parts(services: Services) -> None:
    """The stricter part applies."""
    client = limited(services, RATE_LIMIT_REGISTER="10 per minute; 2 per hour")
    assert statuses(client, "/register", 3) == [201, 201, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_ipv6_network_is_one_address(services: Services, one: str, other: str, *, same: bool) -> None:
    """One customer has 2**64 addresses in it."""
    client = limited(services)
    statuses(client, "/register", 3, one)
    assert statuses(client, "/register", 1, other) == [429 if same else 201]


def test_a_forwarded_address_is_trusted_from_proxies_only(services: Services) -> None:
    """Without a proxy the header is ignored; with one, its last address counts."""
    direct, proxied = limited(services), limited(services, TRUSTED_PROXIES="1")
    forwarded = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
    assert [post(direct, "/register", **each).status_code for each in forwarded] == [201, 201, 201, 429]
    assert [post(proxied, "/register", **each).status_code for each in forwarded] == [201] * 4
    spoofed = [{"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"} for number in range(4)]
    assert [post(proxied, "/register", **each).status_code for each in spoofed] == [201, 201, 201, 429]


@pytest.mark.parametrize("address", ["", "unix", "192.0.2.1, 192.0.2.2", "x" * 500])
def test_an_odd_address_is_limited_too(services: Services, address: str) -> None:
    """A request without a valid address is limited as well."""
    client = limited(services)
    assert statuses(client, "/register", 4, address) == [201, 201, 201, 429]


def test_other_routes_are_not_slowed_down(services: Services) -> None:
    """The app has no request hooks, which would run for every route."""
    app = create_app(config(), services.stubs())
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        assert not [functions for functions in hooks.values() if functions]
