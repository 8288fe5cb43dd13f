"""Calls other services: one channel a process and target, with deadlines, retries and identity by itself."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from mesh.call import current
from mesh.identity import Signer
from mesh.interceptors.calls import REQUEST_ID
from mesh.policy import deadlines, service_config
from mesh.tls import expecting

M = TypeVar("M", bound=Message)
Q = TypeVar("Q")
R = TypeVar("R")
Options = Sequence[tuple[str, str | int]]


@dataclass(frozen=True)
class Target:
    """A service that can be called.

    Args:
        name: its name in the mesh, the audience of tokens for it.
        address: host and port; a host name is asked for all its addresses, which share the calls.
        descriptor: the contract.
    """

    name: str
    address: str
    descriptor: ServiceDescriptor


@dataclass(frozen=True)
class Failure:
    """What a failed call told: the status, and the parts of its google.rpc details."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    status: object = None

    def detail(self, kind: type[M]) -> M | None:
        """The attached message of that kind, if there is one."""
        return _detail(self.status, kind)


def connect(target: Target, signer: Signer) -> grpc.Channel:
    """A channel that signs each call; make it after any fork, and close it at the end.

    Raises:
        ConfigError: when calls are encrypted and the caller's certificate cannot be read.
    """
    options, tls = _options(target), signer.credentials.tls
    if tls:
        channel = grpc.secure_channel(target.address, tls.channel(signer.name), (*options, *expecting(target.name)))
    else:
        channel = grpc.insecure_channel(target.address, options)
    return grpc.intercept_channel(channel, _Outgoing(target, signer))


def connect_async(target: Target, signer: Signer) -> grpc.aio.Channel:
    """The same for asyncio."""
    options, tls = _options(target), signer.credentials.tls
    interceptors = [_AsyncOutgoing(target, signer)]
    if not tls:
        return grpc.aio.insecure_channel(target.address, options, interceptors=interceptors)
    options = (*options, *expecting(target.name))
    return grpc.aio.secure_channel(target.address, tls.channel(signer.name), options, interceptors=interceptors)


def parse_failure(error: grpc.RpcError) -> Failure:
    """Reads what a failed call told."""
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return Failure(grpc.StatusCode.UNKNOWN, "")
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details are of another status: a proxy's answer
        status = None
    info = _detail(status, ErrorInfo) or ErrorInfo()
    bad = _detail(status, BadRequest) or BadRequest()
    return Failure(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        metadata=dict(info.metadata),
        fields={violation.field: violation.description for violation in bad.field_violations},
        status=status,
    )


def _detail(status: object, kind: type[M]) -> M | None:
    for packed in getattr(status, "details", ()):
        if packed.Is(kind.DESCRIPTOR):
            found = kind()
            packed.Unpack(found)
            return found
    return None


def _options(target: Target) -> Options:
    return (
        ("grpc.service_config", service_config([target.descriptor])),
        ("grpc.lb_policy_name", "round_robin"),
        # A service that restarts is back in a second; gRPC would otherwise wait for up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 5000),  # whatever its name says: how long an attempt may take
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.dns_min_time_between_resolutions_ms", 1000),
    )


@dataclass
class _Details(grpc.ClientCallDetails):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class _Outgoing(grpc.UnaryUnaryClientInterceptor):
    """Adds the token and the request id, and sees to it that the call has a deadline."""

    def __init__(self, target: Target, signer: Signer) -> None:
        self._audience = target.name
        self._deadlines = deadlines(target.descriptor)
        self._signer = signer

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Q], R],
        client_call_details: grpc.ClientCallDetails,
        request: Q,
    ) -> R:
        details = _Details(
            client_call_details.method,
            _timeout(client_call_details.timeout, self._deadlines.get(client_call_details.method)),
            tuple(_metadata(client_call_details.metadata, self._audience, self._signer)),
            client_call_details.credentials,
            client_call_details.wait_for_ready,
            client_call_details.compression,
        )
        return continuation(details, request)


class _AsyncOutgoing(grpc.aio.UnaryUnaryClientInterceptor):
    """The same for asyncio."""

    def __init__(self, target: Target, signer: Signer) -> None:
        self._audience = target.name
        self._deadlines = deadlines(target.descriptor)
        self._signer = signer

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Q], Awaitable[R]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Q,
    ) -> R:
        method: str | bytes = client_call_details.method  # bytes, whatever its type says
        path = method.decode() if isinstance(method, bytes) else method
        details = grpc.aio.ClientCallDetails(
            client_call_details.method,
            _timeout(client_call_details.timeout, self._deadlines.get(path)),
            grpc.aio.Metadata(*_metadata(client_call_details.metadata, self._audience, self._signer)),
            client_call_details.credentials,
            client_call_details.wait_for_ready,
        )
        return await continuation(details, request)


def _timeout(asked: float | None, own: float | None) -> float | None:
    """The shortest of what is asked for, the method's own deadline, and what is left of the call being answered."""
    call = current.get()
    left = call.remaining() if call else None
    return min((limit for limit in (asked, own, left) if limit is not None), default=None)


def _metadata(
    given: Iterable[tuple[str, str | bytes]] | None, audience: str, signer: Signer
) -> list[tuple[str, str | bytes]]:
    metadata = list(given or ())
    if not any(key == "authorization" for key, _ in metadata):  # a credential that was passed through stays
        metadata.append(("authorization", f"Bearer {signer.token(audience)}"))
    call = current.get()
    if call is not None:
        metadata.append((REQUEST_ID, call.request_id))
    return metadata
