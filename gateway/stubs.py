"""The clients of the services behind the gateway."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.config import Config
from mesh.client import Target
from mesh.client import connect as open_channel
from mesh.identity import Signer
from registry.services import services

HEALTH_CHECK_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Stubs:
    """The stubs of the services.

    Args:
        by_service: the stub of each service, by the name of the service.
        is_serving: returns whether the service with this name reports SERVING.
        has_problem: returns whether this part of the service with this name needs its operator.
    """

    by_service: Mapping[str, Any]
    is_serving: Callable[[str], bool]
    has_problem: Callable[[str, str], bool] = lambda _, __: False


def connect(config: Config) -> Stubs:
    """Return stubs that connect when they are first used.

    gRPC channels do not survive a fork: call this in the process that uses them.
    """
    signer = Signer("gateway", config.mesh_secret)
    entries = {entry.name: entry for entry in services()}
    targets = {name: Target(name, config.targets[name], entry.descriptor) for name, entry in entries.items()}
    channels = {name: open_channel(target, signer) for name, target in targets.items()}

    def check(name: str, part: str = "") -> "health_pb2.HealthCheckResponse.ServingStatus.ValueType":
        return _status(channels[name], part or targets[name].descriptor.full_name)

    return Stubs(
        by_service={name: entry.stub(channels[name]) for name, entry in entries.items()},
        is_serving=lambda name: check(name) == health_pb2.HealthCheckResponse.SERVING,
        has_problem=lambda name, part: check(name, part) == health_pb2.HealthCheckResponse.NOT_SERVING,
    )


def _status(channel: grpc.Channel, service: str) -> "health_pb2.HealthCheckResponse.ServingStatus.ValueType":
    """Return the status that a server reports for a service or one of its parts."""
    request = health_pb2.HealthCheckRequest(service=service)
    try:
        return health_pb2_grpc.HealthStub(channel).Check(request, timeout=HEALTH_CHECK_TIMEOUT_SECONDS).status
    except grpc.RpcError:
        return health_pb2.HealthCheckResponse.UNKNOWN
