"""Turns whatever goes wrong into a status and one plain sentence; the only place that knows gRPC's codes and HTTP's."""

from collections.abc import Mapping

import grpc
from bookstore.orders.v1 import orders_pb2
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gateway.answers import money, order_json, respond
from mesh import logs
from mesh.client import Failure, parse_failure

Code = grpc.StatusCode

STATUS = {
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
    Code.CANCELLED: 503,  # what a server that stops answers to calls that come late
    Code.DEADLINE_EXCEEDED: 504,
}
"""HTTP status by gRPC code; every other code is a 500."""
BY_REASON = {"IDEMPOTENCY_KEY_REUSED": 422}
OURS = {Code.UNAUTHENTICATED: ("TOKEN_",), Code.PERMISSION_DENIED: ("CALLER_NOT_ALLOWED",)}
"""Reasons with which the mesh refuses the caller itself: on an ordinary row that is the gateway, not the shopper."""
SENTENCES = {
    400: "The request is malformed.",
    401: "Invalid token",
    403: "Forbidden.",
    404: "There is nothing at this address.",
    405: "This address does not answer to that method.",
    409: "The state of things is against this request.",
    413: "The body is larger than 64 KiB.",
    415: "The body must be sent as application/json.",
    429: "Too many requests. Please try again later.",
    500: "Something went wrong on our side.",
    503: "The {} service is not available right now. Please try again.",
    504: "The {} service took too long to answer. Please try again.",
}
RETRY_AFTER = "1"
"""Seconds; a service that restarts is back in one or two."""

log = logs.get("gateway.errors")


class Refusal(Exception):
    """An answer that is not a success.

    Args:
        status: the HTTP status.
        message: one plain sentence.
        data: what a program may want to know.
        headers: further headers.
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


def refusal(
    error: grpc.RpcError, service: str, *, passed_on: bool = False, names: Mapping[str, str] | None = None
) -> Refusal:
    """What a client hears of a call that failed.

    Args:
        error: what the stub raised.
        service: the service that was called.
        passed_on: whether the client's own credential was used, so that a refused one is the client's.
        names: a field's name in REST, by its name in the contract, where the two differ.
    """
    told = parse_failure(error)
    status = BY_REASON.get(told.reason) or STATUS.get(told.code, 500)
    if told.reason.startswith(OURS.get(told.code, ("-",))):
        if told.code is Code.UNAUTHENTICATED and passed_on:
            return Refusal(401, "Token has expired" if told.reason == "TOKEN_EXPIRED" else "Invalid token")
        status = status if passed_on else 500
    if status >= 500:  # noqa: PLR2004 - the server errors
        log.error("upstream", upstream=service, code=told.code.name, reason=told.reason, told=told.message)
        return Refusal(status, SENTENCES[status].format(service), headers=_retry(status))
    message = _renamed(told.message, names or {}) if told.reason else SENTENCES[status]
    return Refusal(status, message, _data(told, names or {}), _retry(status, told.metadata.get("retry_after")))


def install(app: Flask) -> None:
    """Makes every error of the app JSON."""
    app.register_error_handler(Refusal, _answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _retry(status: int, seconds: str | None = None) -> dict[str, str]:
    return {"Retry-After": seconds or RETRY_AFTER} if status in {429, 503} else {}


def _renamed(message: str, names: Mapping[str, str]) -> str:
    word, _, rest = message.partition(" ")
    return f"{names[word]} {rest}" if word in names else message


def _data(told: Failure, names: Mapping[str, str]) -> Mapping[str, object] | None:
    if told.reason == "PRICE_CHANGED":
        return {"price": money(told.metadata.get("price", ""))}
    if told.reason == "ORDER_PENDING":
        order = told.detail(orders_pb2.Order)
        return order_json(order) if order else None
    if told.fields:
        return {"fields": {names.get(field, field): _renamed(text, names) for field, text in told.fields.items()}}
    return None


def _answer(refused: Refusal) -> Response:
    payload: dict[str, object] = {"code": refused.status, "message": refused.message}
    if refused.data is not None:
        payload["data"] = refused.data
    response = respond(payload, refused.status)
    response.headers.extend(refused.headers)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code if error.code in SENTENCES else 400
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _answer(Refusal(status, SENTENCES[status], headers=headers))


def _unknown(error: Exception) -> Response:
    log.error("error", exc_info=error)
    return _answer(Refusal(500, SENTENCES[500]))
