"""Calls other services: one channel per process and target, with deadlines, retries and identity."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from mesh import keepalive, request_ids
from mesh.context import current_call
from mesh.errors import first_by_field
from mesh.health import WITHOUT_PROXY
from mesh.identity import Signer
from mesh.policy import deadlines, service_config
from mesh.tls import server_name_options

MessageT = TypeVar("MessageT", bound=Message)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
Options = Sequence[tuple[str, str | int]]


@dataclass(frozen=True)
class Target:
    """A service that can be called.

    Args:
        name: its name in the mesh, the audience of tokens for it.
        address: host and port; calls are balanced over all addresses of a host name.
        descriptor: its contract.
    """

    name: str
    address: str
    descriptor: ServiceDescriptor


@dataclass(frozen=True)
class Failure:
    """A failed RPC: its status, and the parts of its google.rpc details.

    Args:
        code: the status code.
        message: the sentence for people.
        reason: the UPPER_SNAKE_CASE name for programs; empty when the status has no ErrorInfo.
        metadata: the facts in the ErrorInfo.
        fields: the first description of each invalid field, by its path.
        status: the google.rpc.Status with all details, if there is one.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    status: object = None

    def detail(self, kind: type[MessageT]) -> MessageT | None:
        """Return the attached message of this type, if there is one."""
        return _detail(self.status, kind)


def connect(target: Target, signer: Signer) -> grpc.Channel:
    """Return a channel that signs each call. Create it after a fork, and close it at the end.

    Raises:
        ConfigError: calls are encrypted, and the caller's certificate cannot be read.
    """
    options, tls = _options(target), signer.credentials.tls
    if tls:
        options = (*options, *server_name_options(target.name))
        channel = grpc.secure_channel(target.address, tls.channel_credentials(signer.name), options)
    else:
        channel = grpc.insecure_channel(target.address, options)
    return grpc.intercept_channel(channel, _ClientInterceptor(target, signer))


def connect_async(target: Target, signer: Signer) -> grpc.aio.Channel:
    """Return a channel for asyncio that signs each call.

    Raises:
        ConfigError: calls are encrypted, and the caller's certificate cannot be read.
    """
    options, tls = _options(target), signer.credentials.tls
    interceptors = [_AsyncClientInterceptor(target, signer)]
    if not tls:
        return grpc.aio.insecure_channel(target.address, options, interceptors=interceptors)
    options = (*options, *server_name_options(target.name))
    credentials = tls.channel_credentials(signer.name)
    return grpc.aio.secure_channel(target.address, credentials, options, interceptors=interceptors)


def parse_failure(error: grpc.RpcError) -> Failure:
    """Return the failure that an RPC error holds."""
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return Failure(grpc.StatusCode.UNKNOWN, "")
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details belong to another status: a proxy replaced it
        status = None
    info = _detail(status, ErrorInfo) or ErrorInfo()
    bad = _detail(status, BadRequest) or BadRequest()
    return Failure(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        metadata=dict(info.metadata),
        fields=first_by_field([(violation.field, violation.description) for violation in bad.field_violations]),
        status=status,
    )


def _detail(status: object, kind: type[MessageT]) -> MessageT | None:
    for packed in getattr(status, "details", ()):
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            return detail
    return None


def _options(target: Target) -> Options:
    return (
        ("grpc.service_config", service_config([target.descriptor])),
        ("grpc.lb_policy_name", "round_robin"),
        WITHOUT_PROXY,
        # A service that restarts is back within a second; gRPC would otherwise wait for up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 5000),  # in spite of its name: how long one attempt may take
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.dns_min_time_between_resolutions_ms", 1000),
        *keepalive.OPTIONS,
    )


@dataclass
class _CallDetails(grpc.ClientCallDetails):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class _ClientInterceptor(grpc.UnaryUnaryClientInterceptor):
    """Adds the token and the request id to each call, and gives it a deadline."""

    def __init__(self, target: Target, signer: Signer) -> None:
        self._audience = target.name
        self._deadlines = deadlines(target.descriptor)
        self._signer = signer

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, RequestT], ResponseT],
        client_call_details: grpc.ClientCallDetails,
        request: RequestT,
    ) -> ResponseT:
        details = _CallDetails(
            client_call_details.method,
            _timeout_seconds(client_call_details.timeout, self._deadlines.get(client_call_details.method)),
            tuple(_metadata(client_call_details.metadata, self._audience, self._signer)),
            client_call_details.credentials,
            client_call_details.wait_for_ready,
            client_call_details.compression,
        )
        return continuation(details, request)


class _AsyncClientInterceptor(grpc.aio.UnaryUnaryClientInterceptor):
    """The same for asyncio."""

    def __init__(self, target: Target, signer: Signer) -> None:
        self._audience = target.name
        self._deadlines = deadlines(target.descriptor)
        self._signer = signer

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, RequestT], Awaitable[ResponseT]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: RequestT,
    ) -> ResponseT:
        method: str | bytes = client_call_details.method  # bytes, although its type says otherwise
        path = method.decode() if isinstance(method, bytes) else method
        details = grpc.aio.ClientCallDetails(
            client_call_details.method,
            _timeout_seconds(client_call_details.timeout, self._deadlines.get(path)),
            grpc.aio.Metadata(*_metadata(client_call_details.metadata, self._audience, self._signer)),
            client_call_details.credentials,
            client_call_details.wait_for_ready,
        )
        return await continuation(details, request)


def _timeout_seconds(requested: float | None, policy: float | None) -> float | None:
    """Return the shortest of the requested timeout, the policy's deadline, and what remains of the current call."""
    call = current_call.get()
    remaining = call.remaining_seconds() if call else None
    return min((limit for limit in (requested, policy, remaining) if limit is not None), default=None)


def _metadata(
    given: Iterable[tuple[str, str | bytes]] | None, audience: str, signer: Signer
) -> list[tuple[str, str | bytes]]:
    metadata = list(given or ())
    if not any(key == "authorization" for key, _ in metadata):  # credentials that are passed on remain
        metadata.append(("authorization", f"Bearer {signer.token(audience)}"))
    call = current_call.get()
    if call is not None:
        metadata.append((request_ids.HEADER, call.request_id))
    return metadata
