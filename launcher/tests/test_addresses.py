"""The addresses of the product are checked before anything starts, and one sentence names what is wrong."""

import re
import socket
from collections.abc import Iterator

import pytest

from launcher.addresses import FRONTEND_PORT, Addresses
from mesh import env
from mesh.ports import PortInUseError
from mesh.testing.ports import free_ports
from registry.rest_ports import REST_PORTS
from registry.services import services

PORTS = [port.variable for port in (*REST_PORTS, FRONTEND_PORT)]
ADDRESSES = [entry.address_variable for entry in services()]


@pytest.fixture
def settings() -> dict[str, str]:
    """Settings with a free port for each process."""
    ports = iter(free_ports(len(PORTS) + len(ADDRESSES)))
    addresses = {name: f"127.0.0.1:{next(ports)}" for name in ADDRESSES}
    return {name: str(next(ports)) for name in PORTS} | addresses


@pytest.fixture
def used_port() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.integration
def test_free_ports_pass_the_check(settings: dict[str, str]) -> None:
    """No error is raised."""
    Addresses.from_env(settings).check()


@pytest.mark.integration
@pytest.mark.parametrize("name", [*PORTS, *ADDRESSES])
def test_a_port_in_use_is_one_sentence(settings: dict[str, str], used_port: int, name: str) -> None:
    """It names the port and its setting."""
    settings[name] = f"127.0.0.1:{used_port}" if name in ADDRESSES else str(used_port)
    expected = (
        f"Port {used_port} on 127.0.0.1 is already in use: "
        f"stop the program that uses it, or set {name} to another port."
    )
    with pytest.raises(PortInUseError, match=f"^{re.escape(expected)}$"):
        Addresses.from_env(settings).check()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USERS_PORT", "0"),
        ("BOOKS_PORT", "65536"),
        ("ORDERS_PORT", "http"),
        ("USERS_ADDRESS", "127.0.0.1"),
        ("BOOKS_ADDRESS", "127.0.0.1:99999"),
        ("ORDERS_ADDRESS", "127.0.0.1:²"),
        ("ORDERS_ADDRESS", "127.0.0.1:0"),
    ],
)
def test_a_setting_that_is_not_a_port_is_named(settings: dict[str, str], name: str, value: str) -> None:
    """The message names the setting."""
    with pytest.raises(env.ConfigError, match=f"^{name} must "):
        Addresses.from_env({**settings, name: value})


@pytest.mark.integration
def test_a_port_of_an_outgoing_connection_is_one_sentence(settings: dict[str, str]) -> None:
    """The system may give a port of a service to an outgoing connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.bind(("127.0.0.1", 0))
        client.connect(listener.getsockname())
        port = client.getsockname()[1]
        settings["BOOKS_ADDRESS"] = f"127.0.0.1:{port}"
        with pytest.raises(PortInUseError) as raised:
            Addresses.from_env(settings).check()
    assert str(raised.value) == (
        f"Port {port} on 127.0.0.1 is in use by an outgoing connection of this machine, which got it by chance: "
        "try again later, or set BOOKS_ADDRESS to another port."
    )


@pytest.mark.integration
@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("127.0.0.1:6000", "127.0.0.1:6000"),
        ("0.0.0.0:6000", "127.0.0.1:6000"),
        ("[::]:6000", "[::1]:6000"),
        ("[::1]:6000", "[::1]:6000"),
        ("localhost:6000", "127.0.0.1:6000"),
    ],
)
def test_callers_reach_a_service_where_it_listens(address: str, target: str) -> None:
    """A person who sets only the address need not set the target."""
    assert Addresses.from_env({"BOOKS_ADDRESS": address}).defaults()["BOOKS_TARGET"] == target


@pytest.mark.unit
def test_what_kubernetes_sets_is_no_port() -> None:
    """A Service named `books` sets `BOOKS_PORT` to an address, in every container."""
    addresses = Addresses.from_env({"BOOKS_PORT": "tcp://10.0.0.1:50051", "FRONTEND_PORT": "tcp://[fd00::1]:80"})
    assert (addresses.gateway["books"].port, addresses.frontend.port) == (5002, 5173)


@pytest.mark.integration
def test_browsers_get_an_address_when_another_program_has_the_port() -> None:
    """For `localhost` they first try `::1`, where the other program listens."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    with socket.socket(socket.AF_INET6) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on the loopback interface")
        other.listen()
        port = other.getsockname()[1]
        assert Addresses.from_env({"FRONTEND_PORT": str(port)}).browser_host() == "127.0.0.1"
    assert Addresses.from_env({"FRONTEND_PORT": str(port)}).browser_host() == "localhost"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("host", "in_browser"), [("::1", "[::1]"), ("0.0.0.0", "localhost"), ("192.0.2.1", "192.0.2.1")]
)
def test_browsers_get_the_host_that_is_set(settings: dict[str, str], host: str, in_browser: str) -> None:
    """The pages call the gateway at their own host, so both need one that reaches both."""
    hosts = {"FRONTEND_HOST": host, "GATEWAY_HOST": host}
    assert Addresses.from_env(settings | hosts).browser_host() == in_browser


@pytest.mark.integration
def test_browsers_reach_two_loopback_addresses_by_their_name(settings: dict[str, str]) -> None:
    """The pages are at 127.0.0.1 and the gateway at ::1; browsers try both."""
    assert Addresses.from_env(settings | {"GATEWAY_HOST": "::1"}).browser_host() == "localhost"
