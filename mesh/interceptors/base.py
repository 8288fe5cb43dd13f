"""What the interceptors share."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from mesh import request_ids

if TYPE_CHECKING:  # generic for type checkers only
    Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
else:
    Context = grpc.aio.ServicerContext

UNREADABLE = Empty()
"""Replaces bytes that are not a message of the method; gRPC itself returns INTERNAL and logs a stack trace."""


@dataclass(slots=True)
class IncomingCall:
    """A call that is being served.

    Args:
        method: its path, such as `/bookstore.books.v1.Books/GetBook`.
        context: gRPC's context of the call.
        request: its message; UNREADABLE until it has been received.
    """

    method: str
    context: Context
    request: Message = field(default_factory=lambda: UNREADABLE)


class CallFailed(Exception):
    """A call has failed with this status, which is sent when every interceptor has ended.

    Args:
        status: the status with all details.
    """

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = rpc_status.to_status(status)


Proceed: TypeAlias = Callable[[IncomingCall], Awaitable[Message]]
"""Runs the next interceptor, or the servicer."""


class Interceptor(ABC):
    """Runs around each unary call, on the event loop."""

    @abstractmethod
    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a call."""


def chain(interceptors: Sequence[Interceptor], servicer: Proceed) -> Proceed:
    """Return a function that runs the interceptors, the first one outermost, around the servicer."""
    for interceptor in reversed(interceptors):
        servicer = _around(interceptor, servicer)
    return servicer


def metadata_of(context: Context, key: str) -> str:
    """Return a text in the metadata that the caller has sent; empty without one."""
    for name, value in context.invocation_metadata() or ():
        if name == key:
            return str(value)
    return ""


def request_id_of(context: Context) -> str:
    """Return the request id that the caller has sent, or a new one."""
    sent = metadata_of(context, request_ids.HEADER)
    return sent if request_ids.is_valid(sent) else request_ids.new()


def add_trailing_metadata(context: Context, *metadata: tuple[str, str | bytes]) -> None:
    """Add to the trailing metadata of the response; gRPC's own method replaces it."""
    existing = context.trailing_metadata() or ()
    context.set_trailing_metadata((*existing, *metadata))


async def abort(context: Context, status: grpc.Status) -> NoReturn:
    """Abort with a status, and keep the trailing metadata, which `abort_with_status` would replace.

    gRPC's state of the call keeps the error, whose traceback keeps the frames that it passes: a frame that refers to
    the call would keep it, with 14 KB, until the garbage collector runs. Callers delete such variables as well.

    Raises:
        AbortError: always; gRPC handles it.
    """
    add_trailing_metadata(context, *status.trailing_metadata)
    aborting = context.abort(status.code, status.details)
    del context
    await aborting
    raise AssertionError  # not reached: `abort` raises


def _around(interceptor: Interceptor, proceed: Proceed) -> Proceed:
    return lambda call: interceptor.intercept(call, proceed)
