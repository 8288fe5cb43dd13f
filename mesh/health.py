"""Asks how others are: a service over gRPC, a gateway over HTTP. For the health checks of containers."""

import urllib.error
import urllib.request

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

PATIENCE = 2.0
"""Seconds that the other one gets to answer."""


def ask_service(channel: grpc.Channel, service: str, patience: float = PATIENCE) -> str:
    """What a service says of itself: `SERVING` or another status, or the code of the call that failed."""
    try:
        request = health_pb2.HealthCheckRequest(service=service)
        status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=patience).status
    except grpc.RpcError as error:
        return error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(status))


def ask_url(url: str, patience: float = PATIENCE) -> str:
    """The status of a web address, or why there is none."""
    try:
        with urllib.request.urlopen(url, timeout=patience) as answer:  # noqa: S310 - whoever starts this names it
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except (OSError, ValueError) as error:
        return type(error).__name__
