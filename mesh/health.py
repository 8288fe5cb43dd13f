"""Health checks: of a service over gRPC, and of a web server over HTTP. Containers use them."""

import urllib.error
import urllib.request

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

CHECK_TIMEOUT_SECONDS = 2.0
WITHOUT_PROXY = ("grpc.enable_http_proxy", 0)
"""gRPC would use the `http_proxy` that containers often have, which does not reach the services."""


def check_service(channel: grpc.Channel, service: str, timeout_seconds: float = CHECK_TIMEOUT_SECONDS) -> str:
    """Return the status that a service reports, such as `SERVING`, or the code of the call when it fails."""
    try:
        request = health_pb2.HealthCheckRequest(service=service)
        status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout_seconds).status
    except grpc.RpcError as error:
        return error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(status))


def check_url(url: str, timeout_seconds: float = CHECK_TIMEOUT_SECONDS) -> str:
    """Return the HTTP status of a URL as text, or the name of the error when there is no response."""
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # else that of the environment
        with opener.open(url, timeout=timeout_seconds) as response:
            return str(response.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except (OSError, ValueError) as error:
        return type(error).__name__
