"""A TCP proxy in front of a server, which makes the server unreachable for the proxy's clients only."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from mesh.testing.ports import free_ports


class TcpProxy:
    """Forwards connections while it is open. Closing it ends them and refuses new ones; stalling drops what they send.

    Args:
        port: port of the server on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = free_ports(1)[0]
        self._listener: socket.socket | None = None
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._stalled: set[socket.socket] = set()

    def open(self) -> None:
        """Accept connections."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._start_thread(self._accept, self._listener)

    def close(self) -> None:
        """End all connections, and accept no more."""
        if self._listener is not None:
            _shut_down(self._listener)
            self._threads.pop(0).join()  # no connection is accepted after this
        self._listener = None
        for each in self._sockets:
            _shut_down(each)
        for thread in self._threads:
            thread.join()
        self._sockets.clear()
        self._stalled.clear()
        self._threads.clear()

    def stall(self) -> None:
        """Drop everything on the connections of now without closing them; later connections are forwarded."""
        self._stalled.update(self._sockets)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._sockets.append(client)
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets.append(server)
                self._start_thread(self._forward, client, server)
                self._start_thread(self._forward, server, client)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source not in self._stalled:
                    target.sendall(data)
        if source not in self._stalled:  # the end of a connection does not reach the other side either
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _start_thread(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _shut_down(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
