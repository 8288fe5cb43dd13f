"""The settings tell the pages where the gateway is, and the message about a bad one names it."""

import pytest

from frontend.server.config import Config
from mesh.env import ConfigError

pytestmark = pytest.mark.unit


def test_without_settings_the_pages_call_the_usual_ports() -> None:
    """The host is the one that the page was opened with."""
    config = Config.from_env({})
    assert (config.host, config.port) == ("127.0.0.1", 5173)
    assert config.urls == {
        "usersUrl": ":5001",
        "booksUrl": ":5002",
        "ordersUrl": ":5003",
        "placeOrderUrl": ":5004",
        "displayOrdersUrl": ":5005",
    }


def test_the_pages_follow_a_port_of_the_gateway() -> None:
    """One setting changes both the gateway and the pages."""
    assert Config.from_env({"BOOKS_PORT": "6002"}).urls["booksUrl"] == ":6002"


def test_the_most_specific_setting_wins() -> None:
    """The address of one route group wins over the address of all, and that one over the ports."""
    settings = {"USERS_PORT": "6001", "PUBLIC_API_URL": "https://api.example", "PUBLIC_BOOKS_URL": ":5002"}
    urls = Config.from_env(settings).urls
    assert urls["usersUrl"] == urls["displayOrdersUrl"] == "https://api.example"
    assert urls["booksUrl"] == ":5002"


@pytest.mark.parametrize("url", ["https://api.example:8443/shop", "http://[::1]:80", ":80", "/api", "/"])
def test_addresses_ports_and_paths_are_accepted(url: str) -> None:
    """A page can resolve each of them."""
    assert Config.from_env({"PUBLIC_API_URL": url}).urls["usersUrl"] == url


@pytest.mark.parametrize("url", ["api.example", "ftp://api.example", "https://a; script-src *", ":http", 'https://a"b'])
def test_an_invalid_address_is_refused(url: str) -> None:
    """In particular, no value can become another directive of the content security policy."""
    with pytest.raises(ConfigError, match=r"^PUBLIC_API_URL must be an address such as https://api\.example, a port "):
        Config.from_env({"PUBLIC_API_URL": url})


@pytest.mark.parametrize("name", ["FRONTEND_PORT", "ORDERS_PORT"])
def test_an_invalid_port_is_refused(name: str) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match=f"^{name} must be a whole number from 1 to 65535, not '0'"):
        Config.from_env({name: "0"})
