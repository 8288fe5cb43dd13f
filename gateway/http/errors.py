"""Errors as JSON. This is the only module that maps gRPC status codes to HTTP statuses."""

from collections.abc import Callable, Mapping

import grpc
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gateway.http.responses import json_response
from gateway.messages.common import Error
from mesh import logs
from mesh.client import Failure, parse_failure
from mesh.web import Refusal

Code = grpc.StatusCode

HTTP_STATUSES = {
    Code.INVALID_ARGUMENT: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.FAILED_PRECONDITION: 409,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.UNAVAILABLE: 503,
    Code.CANCELLED: 503,  # a server that stops cancels the calls that arrive late
    Code.DEADLINE_EXCEEDED: 504,
}
"""HTTP status by gRPC code; every other code becomes 500."""
HTTP_STATUSES_BY_REASON = {"IDEMPOTENCY_KEY_REUSED": 422}
CALLER_REASONS = {Code.UNAUTHENTICATED: ("TOKEN_",), Code.PERMISSION_DENIED: ("CALLER_NOT_ALLOWED",)}
"""Prefixes of the reasons with which the mesh refuses the caller itself.

Unless the client's own token was forwarded, the caller is the gateway, so that the client is not to blame.
"""
MESSAGES = {
    400: "The request is malformed.",
    401: "Invalid token",
    403: "Forbidden.",
    404: "No resource exists at this path.",
    405: "This path does not support this method.",
    409: "The request conflicts with the current state of the resource.",
    413: "The body is larger than 64 KiB.",
    415: "The body must be sent as application/json.",
    429: "Too many requests. Please try again later.",
    500: "Something went wrong on our side.",
    503: "The {} service is not available right now. Please try again.",
    504: "The {} service took too long to respond. Please try again.",
}
RETRY_AFTER_SECONDS = "1"
"""A service that restarts is back in one or two seconds."""

ErrorData = Mapping[str, Callable[[Failure], Mapping[str, object] | None]]
"""Functions that return the `data` of an error, by the reason of the failure."""

log = logs.get("gateway.errors")


class ApiError(Exception):
    """A response that is not a success.

    Args:
        status: the HTTP status.
        message: one plain sentence.
        data: details for programs.
        headers: additional headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data = data
        self.headers = dict(headers or {})
        if status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2: a 401 names the scheme
            self.headers["WWW-Authenticate"] = "Bearer"


def api_error(
    error: grpc.RpcError,
    service: str,
    *,
    token_forwarded: bool = False,
    field_names: Mapping[str, str] | None = None,
    error_data: ErrorData | None = None,
) -> ApiError:
    """Return the response to a failed call of a service.

    Args:
        error: the exception that the stub raised.
        service: the name of the service.
        token_forwarded: whether the call used the client's own token.
        field_names: the name of a field in REST, by its name in the gRPC contract, where they differ.
        error_data: functions that return the `data` of an error, by the reason of the failure.
    """
    failure, names = parse_failure(error), field_names or {}
    status = HTTP_STATUSES_BY_REASON.get(failure.reason) or HTTP_STATUSES.get(failure.code, 500)
    if failure.reason.startswith(CALLER_REASONS.get(failure.code, ("-",))):
        if failure.code is Code.UNAUTHENTICATED and token_forwarded:
            return ApiError(401, "Token has expired" if failure.reason == "TOKEN_EXPIRED" else "Invalid token")
        status = status if token_forwarded else 500
    if status >= 500:  # noqa: PLR2004 - the server errors
        log.error(
            "call failed", service=service, code=failure.code.name, reason=failure.reason, message=failure.message
        )
        return ApiError(status, MESSAGES[status].format(service), headers=_retry_headers(status))
    message = _rename_field(failure.message, names) if failure.reason else MESSAGES[status]
    data = _data(failure, names, error_data or {})
    return ApiError(status, message, data, _retry_headers(status, failure.metadata.get("retry_after")))


def register_error_handlers(app: Flask) -> None:
    """Make every error of the app a JSON response."""
    app.register_error_handler(ApiError, _api_error_response)
    app.register_error_handler(HTTPException, _http_exception_response)
    app.register_error_handler(Exception, _unknown_exception_response)


def refusal_response(refusal: Refusal) -> Response:
    """Return the response to a request that the server refuses before the app sees it."""
    return _api_error_response(ApiError(refusal.status, refusal.message, headers=refusal.headers))


def _retry_headers(status: int, seconds: str | None = None) -> dict[str, str]:
    return {"Retry-After": seconds or RETRY_AFTER_SECONDS} if status in {429, 503} else {}


def _rename_field(message: str, names: Mapping[str, str]) -> str:
    field, _, rest = message.partition(" ")
    return f"{names[field]} {rest}" if field in names else message


def _data(failure: Failure, names: Mapping[str, str], error_data: ErrorData) -> Mapping[str, object] | None:
    if failure.reason in error_data:
        return error_data[failure.reason](failure)
    if failure.fields:
        return {
            "fields": {names.get(field, field): _rename_field(text, names) for field, text in failure.fields.items()}
        }
    return None


def _api_error_response(error: ApiError) -> Response:
    payload: Error = {"code": error.status, "message": error.message}
    if error.data is not None:
        payload["data"] = dict(error.data)
    response = json_response(payload, error.status)
    response.headers.extend(error.headers)
    return response


def _http_exception_response(error: HTTPException) -> Response:
    status = error.code if error.code in MESSAGES else 400
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _api_error_response(ApiError(status, MESSAGES[status], headers=headers))


def _unknown_exception_response(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return _api_error_response(ApiError(500, MESSAGES[500]))
