"""Real servers in this process, on free ports, with all interceptors."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from mesh.client import Target, connect
from mesh.identity import Signer
from mesh.server import MeshServer, Service

SECRET = "a secret that only the tests know, 32+ bytes"  # noqa: S105 - signs nothing outside of a test


@contextmanager
def running(service: Service) -> Iterator[Target]:
    """Run a server of the service for the block, and yield the target to call it by."""
    server = MeshServer(service, SECRET, "127.0.0.1:0")
    server.start()
    try:
        yield Target(service.name, f"127.0.0.1:{server.port}", service.descriptor)
    finally:
        server.stop(grace_seconds=0)


@contextmanager
def channel_as(caller: str, target: Target) -> Iterator[grpc.Channel]:
    """Open a channel to the target for the block, whose calls come from `caller`."""
    with connect(target, Signer(caller, SECRET)) as channel:
        yield channel
