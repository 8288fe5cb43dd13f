"""Serves gRPC's health protocol on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import grpc
from grpc_health.v1 import health_pb2

from mesh.interceptors.base import Context

NAME = "grpc.health.v1.Health"
CHECK, WATCH = f"/{NAME}/Check", f"/{NAME}/Watch"

Status = health_pb2.HealthCheckResponse


class HealthService:
    """The status of services by name; it is used on the event loop only.

    Args:
        names: names of the services; the empty one is the server as a whole.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._statuses: dict[str, int] = dict.fromkeys(names, Status.NOT_SERVING)
        self._changed = asyncio.Event()
        self._stopped = False

    def set(self, status: int, parts: Mapping[str, int] | None = None) -> None:
        """Set the status of all services, and of their parts by name; after `stop` it stays as it is."""
        if not self._stopped:
            self._statuses = {**dict.fromkeys(self._names, status), **(parts or {})}
            self._wake()

    def stop(self) -> None:
        """Report NOT_SERVING from now on, and end all streams."""
        self.set(Status.NOT_SERVING)
        self._stopped = True
        self._wake()

    async def check(self, request: health_pb2.HealthCheckRequest, context: Context) -> health_pb2.HealthCheckResponse:
        """Return the status of a service."""
        if request.service not in self._statuses:
            await context.abort(grpc.StatusCode.NOT_FOUND, "The server has no such service.")
        return Status(status=self._statuses[request.service])

    async def watch(
        self, requests: AsyncIterator[health_pb2.HealthCheckRequest]
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Yield the status of a service now and whenever it changes, until the server stops."""
        async for request in requests:
            last = None
            while True:
                changed, status = self._changed, self._statuses.get(request.service, Status.SERVICE_UNKNOWN)
                if status != last:
                    yield Status(status=status)
                    last = status
                elif self._stopped:
                    return
                else:
                    await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
