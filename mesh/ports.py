"""Listening sockets: opening one, and checking whether one can be opened."""

import errno
import os
import socket

CHECK_TIMEOUT_SECONDS = 1.0
"""How long to wait for a program that may listen on the port."""


class PortInUseError(Exception):
    """The address cannot be listened on; the message names it."""


def open_port(host: str, port: int, variable: str, backlog: int) -> socket.socket:
    """Return a non-blocking socket that listens on the port.

    Args:
        host: address to listen on.
        port: the port.
        variable: the setting that names the port, for the message.
        backlog: connections that may wait to be accepted.

    Raises:
        PortInUseError: the port cannot be listened on.
    """
    sock = _bind(host, port, variable)
    # Accepted sockets inherit it. Without it the second part of a response waits for the client to acknowledge the
    # first: 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


def check_port(host: str, port: int, variable: str) -> None:
    """Check that the port can be listened on, without listening.

    Raises:
        PortInUseError: it cannot.
    """
    _bind(host, port, variable).close()


def _bind(host: str, port: int, variable: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise PortInUseError(_message(host, port, variable, error)) from None
    return sock


def _message(host: str, port: int, variable: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE and not _accepts(host, port):
        return (
            f"Port {port} on {host} is in use by an outgoing connection of this machine, which got it by chance: "
            f"try again later, or set {variable} to another port."
        )
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use: "
            f"stop the program that uses it, or set {variable} to another port."
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"Port {port} on {host} cannot be listened on ({reason}): set {variable} to another port."


def _accepts(host: str, port: int) -> bool:
    """Tell whether a program listens on the port."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.settimeout(CHECK_TIMEOUT_SECONDS)
        return sock.connect_ex((loopback, port)) != errno.ECONNREFUSED
