"""A door in front of a server: closed, the server is down for those who come through it, and for nobody else."""

import socket
import threading
from contextlib import suppress

from tests.harness import free_ports


class Gate:
    """Passes connections on while it is open; closing it ends them.

    Args:
        port: the server's, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._server = port
        self.port = free_ports(1)[0]
        self._door: socket.socket | None = None
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Takes connections."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self._begin(self._welcome, self._door)

    def close(self) -> None:
        """Ends all connections, and takes none."""
        if self._door is not None:
            _end(self._door)
            self._threads.pop(0).join()  # nobody comes in after this
        self._door = None
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join()
        self._sockets.clear()
        self._threads.clear()

    def _welcome(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                guest, _ = door.accept()
                self._sockets.append(guest)
                server = socket.create_connection(("127.0.0.1", self._server))
                self._sockets.append(server)
                self._begin(_pass, guest, server)
                self._begin(_pass, server, guest)

    def _begin(self, work: object, *arguments: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
