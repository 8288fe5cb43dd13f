"""The clients of the services behind the gateway."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.config import Config
from gateway.services import SERVICES
from mesh.client import Target
from mesh.client import connect as open_channel
from mesh.identity import Signer

HEALTH_CHECK_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Stubs:
    """The stubs of the services.

    Args:
        by_service: the stub of each service, by the name of the service.
        is_serving: returns whether the service with this name reports SERVING.
    """

    by_service: Mapping[str, Any]
    is_serving: Callable[[str], bool]


def connect(config: Config) -> Stubs:
    """Return stubs that connect when they are first used.

    gRPC channels do not survive a fork: call this in the process that uses them.
    """
    signer = Signer("gateway", config.mesh_secret)
    targets = {each.name: Target(each.name, config.targets[each.name], each.descriptor) for each in SERVICES}
    channels = {name: open_channel(target, signer) for name, target in targets.items()}
    checks = {name: partial(_is_serving, channels[name], target) for name, target in targets.items()}
    return Stubs(
        by_service={name: stub_class(target.descriptor)(channels[name]) for name, target in targets.items()},
        is_serving=lambda name: checks[name](),
    )


def stub_class(descriptor: ServiceDescriptor) -> Callable[[grpc.Channel], Any]:
    """Return the generated stub class of a service, such as `BooksStub` for `Books`."""
    module = descriptor.file.name.removesuffix(".proto").replace("/", ".")
    stub: Callable[[grpc.Channel], Any] = getattr(import_module(f"{module}_pb2_grpc"), f"{descriptor.name}Stub")
    return stub


def _is_serving(channel: grpc.Channel, target: Target) -> bool:
    request = health_pb2.HealthCheckRequest(service=target.descriptor.full_name)
    try:
        status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=HEALTH_CHECK_TIMEOUT_SECONDS).status
    except grpc.RpcError:
        return False
    return bool(status == health_pb2.HealthCheckResponse.SERVING)
