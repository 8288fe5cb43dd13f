"""Listening sockets: an address that is in use, and free ports for tests."""

import socket


class PortInUseError(Exception):
    """The address cannot be listened on; the message names it."""


def free_ports(count: int) -> list[int]:
    """Return different TCP ports on 127.0.0.1 that are free now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
