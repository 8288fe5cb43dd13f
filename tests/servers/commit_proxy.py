"""A proxy in front of MySQL or MariaDB that makes the next COMMIT fail, as a crash or a cluster would."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Self

COMMITS = b"\x03COMMIT", b"\x03\x00\x01COMMIT"
"""The command "query" with the statement, of MariaDB, and of MySQL with an empty list of attributes."""
HEADER_BYTES = 4
"""The length and the number of a packet."""


class CommitFault(Enum):
    """What happens at the next COMMIT."""

    LOST_BEFORE = auto()
    """The connection ends before the server receives it: nothing is stored."""
    LOST_AFTER = auto()
    """The connection ends before the client receives the response: the transaction is stored."""
    DEADLOCK = auto()
    """The server refuses it with error 1213, as a cluster does after a conflict on another node."""


class CommitProxy:
    """Forwards connections without TLS to a server on 127.0.0.1, and injects one fault.

    Args:
        port: port of the server.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = int(self._listener.getsockname()[1])
        self.fault: CommitFault | None = None
        self.faults = 0
        self._start(self._accept)

    def __enter__(self) -> Self:
        """Return the proxy."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all connections, and accept no more."""
        _end(self._listener)
        self._threads[0].join()
        _end(*self._sockets)
        for thread in self._threads[1:]:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets += [client, server]
                self._start(self._forward_requests, client, server)
                self._start(_forward, server, client)

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _forward_requests(self, client: socket.socket, server: socket.socket) -> None:
        is_set_up = False
        with suppress(OSError):
            while data := client.recv(65536):
                is_commit = data[HEADER_BYTES:].upper() in COMMITS
                fault = self.fault if is_commit and is_set_up else None
                is_set_up = is_set_up or is_commit  # SQLAlchemy commits when it has set the isolation level
                if fault is None:
                    server.sendall(data)
                    continue
                self.fault = None
                self.faults += 1
                if fault is CommitFault.DEADLOCK:
                    client.sendall(_error_packet(1213, b"40001", b"Deadlock found when trying to get lock"))
                    continue
                client.shutdown(socket.SHUT_RDWR)
                if fault is CommitFault.LOST_AFTER:
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)  # the server still executes what it has received
                return
        _end(client, server)


def _error_packet(number: int, state: bytes, message: bytes) -> bytes:
    payload = b"\xff" + struct.pack("<H", number) + b"#" + state + message
    return struct.pack("<I", len(payload))[:3] + b"\x01" + payload


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _end(source, target)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
