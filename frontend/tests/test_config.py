"""The settings say where the pages find the gateway, and a bad one is named."""

import pytest

from frontend.config import Config
from mesh.env import ConfigError

pytestmark = pytest.mark.unit


def test_without_settings_the_pages_call_the_usual_ports() -> None:
    """On whatever host they were opened with."""
    config = Config.from_env({})
    assert (config.host, config.port) == ("127.0.0.1", 5173)
    assert config.urls == {
        "usersUrl": ":5001",
        "booksUrl": ":5002",
        "ordersUrl": ":5003",
        "placeOrderUrl": ":5004",
        "displayOrdersUrl": ":5005",
    }


def test_a_port_that_the_gateway_was_moved_to_is_told_to_the_pages() -> None:
    """One setting moves both ends."""
    assert Config.from_env({"BOOKS_PORT": "6002"}).urls["booksUrl"] == ":6002"


def test_the_most_particular_setting_counts() -> None:
    """A set of its own comes before the address of all sets, and that before the ports."""
    settings = {"USERS_PORT": "6001", "PUBLIC_API_URL": "https://api.example", "PUBLIC_BOOKS_URL": ":5002"}
    urls = Config.from_env(settings).urls
    assert urls["usersUrl"] == urls["displayOrdersUrl"] == "https://api.example"
    assert urls["booksUrl"] == ":5002"


@pytest.mark.parametrize("url", ["https://api.example:8443/shop", "http://[::1]:80", ":80", "/api", "/"])
def test_addresses_ports_and_paths_are_fine(url: str) -> None:
    """All that a page can resolve."""
    assert Config.from_env({"PUBLIC_API_URL": url}).urls["usersUrl"] == url


@pytest.mark.parametrize("url", ["api.example", "ftp://api.example", "https://a; script-src *", ":http", 'https://a"b'])
def test_what_is_no_address_is_refused(url: str) -> None:
    """Above all what would end up as another directive of the content security policy."""
    with pytest.raises(ConfigError, match=r"^PUBLIC_API_URL must be an address such as https://api\.example, a port "):
        Config.from_env({"PUBLIC_API_URL": url})


@pytest.mark.parametrize("name", ["FRONTEND_PORT", "ORDERS_PORT"])
def test_what_is_no_port_is_refused(name: str) -> None:
    """The setting is named."""
    with pytest.raises(ConfigError, match=f"^{name} must be a whole number from 1 to 65535, not '0'"):
        Config.from_env({name: "0"})
