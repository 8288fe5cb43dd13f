"""Settings are read once, are checked, and are never shown."""

import pytest

from gateway.tests.fakes import JWT_SECRET, config
from mesh.env import ConfigError
from mesh.testing import SECRET
from registry.rest_ports import REST_PORTS

pytestmark = pytest.mark.unit


def test_the_defaults_are_the_ports_of_the_contract() -> None:
    """There are five ports with their own routes, which listen on this machine only."""
    made = config()
    assert [port.number for port in made.ports] == [5001, 5002, 5003, 5004, 5005]
    assert [port.names for port in made.ports] == [(port.name,) for port in REST_PORTS]
    assert (made.host, made.threads, made.cookie_secure) == ("127.0.0.1", 32, True)
    assert made.cors_origins == {"http://localhost:5173", "http://127.0.0.1:5173"}


def test_a_single_port_serves_all_routes() -> None:
    """`GATEWAY_PORT` adds a sixth port with the routes of all others."""
    last = config(GATEWAY_PORT="8080").ports[-1]
    assert (last.variable, last.number, last.names) == ("GATEWAY_PORT", 8080, tuple(port.name for port in REST_PORTS))


def test_secrets_are_not_in_the_text_form() -> None:
    """A configuration that is logged reveals no secret."""
    shown = repr(config())
    assert JWT_SECRET not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOOKS_PORT", "x"),
        ("USERS_PORT", "0"),
        ("GATEWAY_PORT", "70000"),
        ("GATEWAY_THREADS", "0"),
        ("COOKIE_SECURE", "perhaps"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "http://localhost:5173/"),
        ("JWT_SECRET_KEY", "short"),
        ("MESH_SECRET", "short"),
        ("JWT_SECRET_KEY", "change-me" * 5),
        ("JWT_SECRET_KEY_PREVIOUS", "short"),
        ("MESH_TLS_DIR", "/nowhere"),
        ("TRUSTED_PROXIES", "-1"),
        ("HSTS_SECONDS", "forever"),
        ("RATE_LIMIT_LOGIN", "many"),
        ("RATE_LIMIT_REGISTER", "5"),
        ("RATE_LIMIT_REFRESH", "5 per fortnight"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    """The error names the setting."""
    with pytest.raises(ConfigError, match=name):
        config(**{name: value})
