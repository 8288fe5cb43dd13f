"""Serves the gateway's ports: one supervisor that holds the sockets, and a granian server for each port."""

import gc
import socket
from collections.abc import Callable, Sequence
from functools import partial

from gateway.config import Port
from mesh.ports import open_port
from mesh.processes import RestartPolicy, Supervisor
from mesh.web import BACKLOG, Site
from mesh.web import serve as serve_socket

REQUEST_GRACE_SECONDS = 8
"""Time that running requests get when the server stops."""
GRACE_SECONDS = REQUEST_GRACE_SECONDS + 1.0
"""Time that the servers get to stop, including their workers."""


def open_ports(host: str, ports: Sequence[Port]) -> list[socket.socket]:
    """Return a listening socket for each port.

    Raises:
        PortInUseError: a port cannot be listened on.
    """
    return [open_port(host, port.number, port.variable, BACKLOG) for port in ports]


def serve(ports: Sequence[Port], sockets: Sequence[socket.socket], load: Callable[[tuple[str, ...]], Site]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, which is 1 when a server keeps crashing.

    The sockets stay open here when a server crashes, so that connections wait for the next one instead of failing.

    Args:
        ports: the ports.
        sockets: their sockets, in the same order.
        load: creates the site with the routes of the named REST ports, in the process that serves it.
    """
    gc.freeze()  # else a collection in a child copies the memory that it shares with the others
    children = {
        port.variable: partial(serve_socket, sock, partial(load, port.names), REQUEST_GRACE_SECONDS)
        for port, sock in zip(ports, sockets, strict=True)
    }
    return Supervisor(children, grace_seconds=GRACE_SECONDS, restart=RestartPolicy()).run()
