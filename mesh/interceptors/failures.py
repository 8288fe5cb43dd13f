"""Turns errors into status codes; the only place that knows both."""

from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from mesh import errors, logs
from mesh.errors import MeshError
from mesh.interceptors.base import Handle, UnaryInterceptor, status_set

CODES: dict[type[MeshError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}
PASSED_ON = {
    grpc.StatusCode.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED: grpc.StatusCode.UNAVAILABLE,  # what a server that stops answers to calls that come late
    grpc.StatusCode.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""What our own caller hears of a service further back that did not answer."""

log = logs.get("mesh.failures")


class Failures(UnaryInterceptor):
    """Answers errors as google.rpc.Status with ErrorInfo, and BadRequest for bad input (AIP-193).

    Args:
        domain: the service's full name, the `domain` of each ErrorInfo.
    """

    def __init__(self, domain: str) -> None:
        super().__init__()
        self._domain = domain

    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:
        """Answers the call, or the status of the error that it raised."""
        try:
            return handle(request, context)
        except MeshError as error:
            context.abort_with_status(rpc_status.to_status(status_of(error, self._domain)))
        except grpc.RpcError as error:
            self._abort_upstream(error, method, context)
        except Exception:
            if status_set(context):  # the servicer has aborted by itself
                raise
            log.exception("error", method=method)
            context.abort(grpc.StatusCode.INTERNAL, "Something went wrong on our side.")

    def _abort_upstream(self, error: grpc.RpcError, method: str, context: grpc.ServicerContext) -> NoReturn:
        code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
        if code in PASSED_ON:
            context.abort(PASSED_ON[code], "A service that this one needs did not answer.")
        log.error("upstream", method=method, upstream_code=code.name)
        context.abort(grpc.StatusCode.INTERNAL, "Something went wrong on our side.")


def status_of(error: MeshError, domain: str) -> Status:
    """The status that tells a caller all that the error holds."""
    info = ErrorInfo(reason=error.reason, domain=domain, metadata=dict(error.metadata))
    details: list[Message] = [info]
    if error.fields:
        violations = [BadRequest.FieldViolation(field=f, description=d) for f, d in error.fields.items()]
        details.append(BadRequest(field_violations=violations))
    status = Status(code=CODES[type(error)].value[0], message=error.message)
    for detail in [*details, *error.details]:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status
