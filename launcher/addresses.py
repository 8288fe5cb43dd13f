"""The addresses of the product: where its parts listen, and at which URLs people and the launcher reach them."""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from mesh import env
from mesh.ports import check_port
from registry.rest_ports import REST_PORTS, RestPort
from registry.services import services

FRONTEND_PORT = RestPort("frontend", "FRONTEND_PORT", 5173)
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every interface, and where to reach what listens on them."""


@dataclass(frozen=True)
class Address:
    """Where a part of the product listens.

    Args:
        name: name of the part.
        variable: the setting with the port.
        host: the IP address of the interface.
        port: the port.
    """

    name: str
    variable: str
    host: str
    port: int

    @property
    def target(self) -> str:
        """Host and port to connect to from this machine."""
        host = LOOPBACK.get(self.host, self.host)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


@dataclass(frozen=True)
class Addresses:
    """Where all parts of the product listen; each list has the parts by name."""

    services: Mapping[str, Address]
    gateway: Mapping[str, Address]
    frontend: Address

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Addresses":
        """Read `GATEWAY_HOST`, `FRONTEND_HOST`, the ports, and the addresses of the services.

        Raises:
            ConfigError: a setting is not an address or not a port.
        """
        return cls(
            services={
                entry.name: _service_address(environ, entry.name, entry.address_variable, entry.default_port)
                for entry in services()
            },
            gateway={port.name: _address(environ, "GATEWAY_HOST", port) for port in REST_PORTS},
            frontend=_address(environ, "FRONTEND_HOST", FRONTEND_PORT),
        )

    def check(self) -> None:
        """Check that every port is free.

        Raises:
            PortInUseError: one is in use.
        """
        for address in (*self.gateway.values(), self.frontend, *self.services.values()):
            check_port(address.host, address.port, address.variable)

    def defaults(self) -> dict[str, str]:
        """Return the settings that follow from the addresses: the targets of callers, and the origins of the pages."""
        targets = {entry.target_variable: self.services[entry.name].target for entry in services()}
        hosts = dict.fromkeys(("localhost", "127.0.0.1", self.browser_host()))
        return {**targets, "CORS_ORIGINS": ",".join(f"http://{host}:{self.frontend.port}" for host in hosts)}

    def browser_host(self) -> str:
        """Return the host for URLs in a browser, which also reaches the gateway: `localhost` if possible.

        Browsers first try `::1` for `localhost`, where another program may listen on a port of the product.
        """
        pages = (self.frontend, *self.gateway.values())
        hosts = {LOOPBACK.get(address.host, address.host) for address in pages}
        if hosts == {"127.0.0.1"}:
            return "127.0.0.1" if any(_is_used("::1", address.port) for address in pages) else "localhost"
        if hosts == {"127.0.0.1", "::1"}:
            return "localhost"
        host = LOOPBACK.get(self.frontend.host, self.frontend.host)
        return f"[{host}]" if ":" in host else host


def _address(environ: Mapping[str, str], host_variable: str, port: RestPort) -> Address:
    host = env.host(environ, host_variable, "127.0.0.1")
    return Address(port.name, port.variable, host, env.port(environ, port.variable, port.default))


def _service_address(environ: Mapping[str, str], name: str, variable: str, default_port: int) -> Address:
    text = env.text(environ, variable, f"127.0.0.1:{default_port}")
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= env.MAX_PORT:
        message = f"{variable} must look like 127.0.0.1:50051, not {text!r}."
        raise env.ConfigError(message)
    return Address(name, variable, env.host({variable: host}, variable, host), int(port))


def _is_used(host: str, port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
    except OSError as error:  # others mean that there is no IPv6
        return error.errno == errno.EADDRINUSE
    return False
