"""Translates errors into status codes; the only module that knows both."""

import re
from collections.abc import Iterator

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from mesh import errors, logs
from mesh.errors import MeshError
from mesh.interceptors.base import CallFailed, IncomingCall, Interceptor, Proceed

STATUS_CODES: dict[type[MeshError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}
UPSTREAM_UNAVAILABLE = (
    grpc.StatusCode.UNAVAILABLE,
    "UPSTREAM_UNAVAILABLE",
    "A service that is needed for this request is not available.",
)
UPSTREAM_DEADLINE_EXCEEDED = (
    grpc.StatusCode.DEADLINE_EXCEEDED,
    "UPSTREAM_DEADLINE_EXCEEDED",
    "A service that is needed for this request did not respond in time.",
)
UPSTREAM_FAILURES = {
    grpc.StatusCode.UNAVAILABLE: UPSTREAM_UNAVAILABLE,
    grpc.StatusCode.CANCELLED: UPSTREAM_UNAVAILABLE,  # what a stopping server returns for calls that arrive late
    grpc.StatusCode.RESOURCE_EXHAUSTED: UPSTREAM_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: UPSTREAM_DEADLINE_EXCEEDED,
}
"""Code, reason and message by the code with which another service failed; every other code is an internal error."""
INTERNAL = (grpc.StatusCode.INTERNAL, "INTERNAL", "Something went wrong on our side.")
VERSION_SUFFIX = re.compile(r"\.v\d+\w*$")

log = logs.get("mesh.errors")


class ErrorInterceptor(Interceptor):
    """Returns errors as google.rpc.Status with ErrorInfo, BadRequest for invalid input, and RetryInfo (AIP-193).

    Args:
        domain: the `domain` of each ErrorInfo.
    """

    def __init__(self, domain: str) -> None:
        self._domain = domain

    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a call.

        Raises:
            CallFailed: the call failed; the status has everything that the error holds.
        """
        try:
            return await proceed(call)
        except MeshError as error:
            status = build_status(error, self._domain)
        except grpc.aio.AbortError:  # the servicer has aborted the call itself
            raise
        except grpc.RpcError as error:
            status = self._upstream_status(error, call.method)
        except Exception:
            log.exception("error", method=call.method)
            status = self._status(*INTERNAL)
        raise CallFailed(status) from None

    def _upstream_status(self, error: grpc.RpcError, method: str) -> Status:
        code = error.code() if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else grpc.StatusCode.UNKNOWN
        if code not in UPSTREAM_FAILURES:
            log.error("upstream", method=method, upstream_code=code.name)
        return self._status(*UPSTREAM_FAILURES.get(code, INTERNAL))

    def _status(self, code: grpc.StatusCode, reason: str, message: str) -> Status:
        return _pack(code, message, [ErrorInfo(reason=reason, domain=self._domain)])


def error_domain(service: ServiceDescriptor) -> str:
    """Return the `domain` of a service's ErrorInfo: its package without the version, such as `bookstore.orders`."""
    return VERSION_SUFFIX.sub("", service.file.package)


def build_status(error: MeshError, domain: str) -> Status:
    """Return the status with everything that the error holds."""
    return _pack(STATUS_CODES[type(error)], error.message, [*_details(error, domain), *error.details])


def _details(error: MeshError, domain: str) -> Iterator[Message]:
    yield ErrorInfo(reason=error.reason, domain=domain, metadata=dict(error.metadata))
    retry_after = error.metadata.get("retry_after", "")
    if isinstance(error, errors.ResourceExhausted | errors.Unavailable) and retry_after.isdecimal():
        yield RetryInfo(retry_delay=Duration(seconds=int(retry_after)))
    if error.violations:
        violations = [BadRequest.FieldViolation(field=f, description=d) for f, d in error.violations]
        yield BadRequest(field_violations=violations)


def _pack(code: grpc.StatusCode, message: str, details: list[Message]) -> Status:
    status = Status(code=code.value[0], message=message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status
