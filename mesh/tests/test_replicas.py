"""Several servers behind one name share its calls, also those that come later."""

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

AGE = 0.5
PATIENCE = 30.0
A, IN = 1, 1


class NameServer:
    """Answers every question for an address with those of the list."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        """Starts."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """An empty question ends it."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, peer = self._socket.recvfrom(512)
            if not asked:
                return
            end = asked.index(0, 12) + 5  # behind the name, its type and its class
            kind = struct.unpack(">H", asked[end - 4 : end - 2])[0]
            found = [socket.inet_aton(address) for address in self.addresses] if kind == A else []
            header = asked[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
            records = [b"\xc0\x0c" + struct.pack(">HHIH", A, IN, 1, 4) + address for address in found]
            self._socket.sendto(header + asked[12:end] + b"".join(records), peer)


@contextmanager
def serving(name: str, address: str) -> Iterator[int]:
    """An Echo that says its name, whose callers have to connect again and again; its port."""

    def answer(_: Any, __: grpc.ServicerContext) -> Message:
        told: Message = echo.response(text=name)
        return told

    server = MeshServer(echo.service(answer), SECRET, address, threads=4, max_connection_age_seconds=AGE)
    server.start()
    try:
        yield server.port
    finally:
        server.stop(grace_seconds=0)


def test_a_replica_that_comes_later_gets_its_share() -> None:
    """No call fails meanwhile, although connections end all the time."""
    with ExitStack() as stack:
        names = stack.enter_context(NameServer(["127.0.0.2"]))
        port = stack.enter_context(serving("first", "127.0.0.2:0"))
        stack.enter_context(serving("second", f"127.0.0.3:{port}"))
        target = Target("echo", f"dns://127.0.0.1:{names.port}/echo.test:{port}", echo.descriptor())
        say = echo.method(stack.enter_context(connect(target, Signer("worker", SECRET))), "Change")
        assert {say(echo.request()).text for _ in range(5)} == {"first"}
        names.addresses = ["127.0.0.2", "127.0.0.3"]
        deadline = time.monotonic() + PATIENCE
        answers = ["first"]
        while set(answers[-2:]) != {"first", "second"}:
            assert time.monotonic() < deadline, "nobody has asked the second one"
            answers.append(say(echo.request()).text)
