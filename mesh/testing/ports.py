"""Free ports for tests."""

import fcntl
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FIRST_PORT = 20_000
BLOCK_SIZE = 100
BLOCK_COUNT = 120
"""The last block ends below 32,768, where Linux starts to pick the local ports of outgoing connections."""


class NoFreePortError(Exception):
    """Other processes use all ports for tests."""


class PortPool:
    """Hands out ports from blocks that this process alone uses, so that parallel test runs never get the same port.

    Args:
        folder: folder of the lock files, one per block; a block stays locked until the process ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks: dict[int, int] = {}
        self._lock = threading.Lock()
        self._ports = self._generate()

    def take(self, count: int) -> list[int]:
        """Return different TCP ports on 127.0.0.1 that nothing listens on.

        Raises:
            NoFreePortError: other processes use all ports.
        """
        with self._lock:
            return [next(self._ports) for _ in range(count)]

    def _generate(self) -> Iterator[int]:
        self._folder.mkdir(parents=True, exist_ok=True)
        for block in range(BLOCK_COUNT):
            if self._acquire(block):
                yield from _unused_ports(block)
        while ports := [port for block in self._blocks for port in _unused_ports(block)]:
            yield from ports
        message = f"Other processes use all ports for tests; their locks are in {self._folder}."
        raise NoFreePortError(message)

    def _acquire(self, block: int) -> bool:
        file = os.open(self._folder / str(block), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._blocks[block] = file
        return True


def free_ports(count: int) -> list[int]:
    """Return different TCP ports on 127.0.0.1 for a test; no other test run on this machine gets them.

    Raises:
        NoFreePortError: other processes use all ports.
    """
    return _shared_pool().take(count)


@cache
def _shared_pool() -> PortPool:
    return PortPool(Path(tempfile.gettempdir()) / f"test-ports-{os.getuid()}")


def _unused_ports(block: int) -> Iterator[int]:
    first = FIRST_PORT + block * BLOCK_SIZE
    for port in range(first, first + BLOCK_SIZE):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port
