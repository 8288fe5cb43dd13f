"""The methods of a server: how each is found, received and run."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from mesh import request_ids
from mesh.context import CallContext, current_call
from mesh.errors import MeshError
from mesh.interceptors.base import (
    CallFailed,
    Context,
    IncomingCall,
    Interceptor,
    Proceed,
    abort,
    add_trailing_metadata,
    chain,
    request_id_of,
)  # fmt: skip
from mesh.interceptors.errors import build_status
from mesh.interceptors.reception import receive, tolerant
from mesh.limits import Places
from mesh.pools import ThreadPool

if TYPE_CHECKING:  # generic for type checkers only
    Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler

StreamBehavior: TypeAlias = Callable[[AsyncIterator[Any]], AsyncIterator[Message]]
"""Yields the responses to the requests of a stream."""
STREAM_IDLE_SECONDS = 10.0
"""Time that a stream waits for its next request."""
SEND_TIMEOUT_SECONDS = 1.0
"""Time for the headers of a stream whose place a newer one has taken."""


class Details(NamedTuple):
    """What a generic handler finds a method by."""

    method: str
    invocation_metadata: tuple[tuple[str, str | bytes], ...] = ()


class HandlerCollector:
    """Collects the handlers that generated code adds to a server."""

    def __init__(self) -> None:
        self._handlers: list[grpc.GenericRpcHandler] = []

    def add_generic_rpc_handlers(self, handlers: tuple[grpc.GenericRpcHandler, ...]) -> None:
        """Add handlers, as `grpc.Server` does."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, service_name: str, handlers: Mapping[str, Handler]) -> None:
        """Do nothing: generated code adds the same handlers as generic ones."""

    def find(self, path: str) -> Handler | None:
        """Return the handler of a method, None when it does not exist."""
        details = cast("grpc.HandlerCallDetails", Details(path))
        found = (handler.service(details) for handler in self._handlers)
        return next((handler for handler in found if handler is not None), None)


class Methods(grpc.GenericRpcHandler):
    """Finds the handler of each call.

    gRPC itself waits for the message of a unary call without a time limit, and before it calls any code that knows the
    caller. Therefore each method is registered as a stream, whose only request the interceptors read.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._find_other: Callable[[str], Handler | None] = lambda _: None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """Return the handler of a call; a method that does not exist has one as well, for the request id."""
        path: str = handler_call_details.method
        return self._handlers.get(path) or self._find_other(path) or UNIMPLEMENTED

    def add_unary(self, path: str, handler: Handler, interceptors: list[Interceptor], pool: ThreadPool) -> None:
        """Add a method that runs behind the interceptors: on the loop if it is asynchronous, else in the pool."""
        self._handlers[path] = unary(path, handler, interceptors, pool)

    def add_stream(
        self, path: str, behavior: StreamBehavior, request: type[Message], response: type[Message], places: Places
    ) -> None:
        """Add a stream, which needs no token, with the types of its messages."""
        serve = _stream(behavior, places)
        self._handlers[path] = grpc.stream_stream_rpc_method_handler(
            serve, request.FromString, response.SerializeToString
        )

    def remove(self, path: str) -> None:
        """Remove a method, which then does not exist."""
        self._handlers.pop(path, None)

    def add_other(self, find: Callable[[str], Handler | None]) -> None:
        """Look up methods that are not in the contract by this function."""
        self._find_other = find


def unary(path: str, handler: Handler, interceptors: list[Interceptor], pool: ThreadPool) -> Handler:
    """Return the handler of a unary method that runs behind the interceptors."""
    run = chain(interceptors, _servicer(cast("Callable[..., Any]", handler.unary_unary), pool))

    async def serve(_: object, context: Context) -> Message:
        try:
            return await run(IncomingCall(path, context))
        except CallFailed as failed:
            aborting = abort(context, failed.status)
        del _, context
        return await aborting

    return grpc.stream_unary_rpc_method_handler(
        cast("Any", serve), tolerant(cast("Any", handler.request_deserializer)), handler.response_serializer
    )


def _servicer(behavior: Callable[..., Any], pool: ThreadPool) -> Proceed:
    if inspect.iscoroutinefunction(behavior):
        return lambda call: cast("Awaitable[Message]", behavior(call.request, call.context))
    return lambda call: pool.run(behavior, call.request, call.context)


def _stream(behavior: StreamBehavior, places: Places) -> Any:  # noqa: ANN401 - types-grpcio knows no asynchronous handlers
    async def serve(_: object, context: Context) -> None:
        current = CallContext(request_id_of(context))
        current_call.set(current)
        try:
            with places.take():
                # The initial metadata, because health's Watch does not end.
                await _send_request_id(context, current.request_id)
                async for response in behavior(_requests(context)):
                    await context.write(response)
        except MeshError as error:
            aborting = abort(context, CallFailed(build_status(error, "mesh")).status)
        else:
            return
        del _, context
        await aborting

    return serve


async def _send_request_id(context: Context, request_id: str) -> None:
    """Send the initial metadata, even if the call is displaced meanwhile: gRPC would send it again with the status."""
    sending = asyncio.ensure_future(context.send_initial_metadata(((request_ids.HEADER, request_id),)))
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending], timeout=SEND_TIMEOUT_SECONDS)
        raise


async def _requests(context: Context) -> AsyncIterator[Message]:
    while (request := await receive(context, STREAM_IDLE_SECONDS)) is not None:
        yield request


async def _abort_unimplemented(_: object, context: Context) -> NoReturn:
    add_trailing_metadata(context, (request_ids.HEADER, request_id_of(context)))
    aborting = context.abort(grpc.StatusCode.UNIMPLEMENTED, "This method does not exist.")
    del _, context
    await aborting
    raise AssertionError  # not reached: `abort` raises


UNIMPLEMENTED: Handler = grpc.stream_stream_rpc_method_handler(cast("Any", _abort_unimplemented))
"""A stream, so that it neither waits for the request nor reads it."""
