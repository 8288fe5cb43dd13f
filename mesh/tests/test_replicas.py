"""Calls are balanced over all servers of a name, including servers that start later."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import grpc
import pytest
from google.protobuf.message import Message

from mesh.client import Target, connect
from mesh.identity import Signer
from mesh.server import MeshServer
from mesh.testing import SECRET
from mesh.tests import echo

pytestmark = pytest.mark.integration

CONNECTION_AGE_SECONDS = 0.5
TIMEOUT_SECONDS = 30.0
A, IN = 1, 1


class NameServer:
    """A DNS server that returns a list of addresses for every name."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        """Start the server."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the server, which an empty query does."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, peer = self._socket.recvfrom(512)
            if not query:
                return
            end = query.index(0, 12) + 5  # behind the name, its type and its class
            query_type = struct.unpack(">H", query[end - 4 : end - 2])[0]
            records = [socket.inet_aton(address) for address in self.addresses] if query_type == A else []
            header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(records), 0, 0)
            records = [b"\xc0\x0c" + struct.pack(">HHIH", A, IN, 1, 4) + address for address in records]
            self._socket.sendto(header + query[12:end] + b"".join(records), peer)


@contextmanager
def serving(name: str, address: str) -> Iterator[int]:
    """Run an Echo that returns its name and limits the age of connections; return its port."""

    def behavior(_: Any, __: grpc.ServicerContext) -> Message:
        response: Message = echo.response(text=name)
        return response

    server = MeshServer(echo.service(behavior), SECRET, address, max_connection_age_seconds=CONNECTION_AGE_SECONDS)
    server.start()
    try:
        yield server.port
    finally:
        server.stop(grace_seconds=0)


def test_a_replica_that_starts_later_gets_its_share() -> None:
    """No call fails meanwhile, although connections end all the time."""
    with ExitStack() as stack:
        names = stack.enter_context(NameServer(["127.0.0.2"]))
        port = stack.enter_context(serving("first", "127.0.0.2:0"))
        stack.enter_context(serving("second", f"127.0.0.3:{port}"))
        target = Target("echo", f"dns://127.0.0.1:{names.port}/echo.test:{port}", echo.descriptor())
        say = echo.method(stack.enter_context(connect(target, Signer("worker", SECRET))), "Change")
        assert {say(echo.request()).text for _ in range(5)} == {"first"}
        names.addresses = ["127.0.0.2", "127.0.0.3"]
        deadline = time.monotonic() + TIMEOUT_SECONDS
        texts = ["first"]
        while set(texts[-2:]) != {"first", "second"}:
            assert time.monotonic() < deadline, "the second replica received no call"
            texts.append(say(echo.request()).text)
