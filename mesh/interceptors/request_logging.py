"""Sets the context of each call, returns its request id to the caller, and logs one line at its end."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message

from mesh import logs, request_ids
from mesh.context import CallContext, current_call, deadline_after
from mesh.interceptors.base import (
    Behavior,
    Continuation,
    Handler,
    UnaryInterceptor,
    aborted_code,
    add_trailing_metadata,
)

log = logs.get("mesh.calls")


class RequestLoggingInterceptor(UnaryInterceptor):
    """Takes the request id from the metadata, or creates one, and measures the call.

    The response carries the id as `x-request-id`: in its trailing metadata, which costs nothing, and in the initial
    metadata of streams, because health's Watch does not end.
    """

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Return the handler of the method; a method that does not exist has one as well, for the request id."""
        handler = super().intercept_service(continuation, handler_call_details)
        if handler is None:
            return UNIMPLEMENTED
        if handler.unary_unary is not None:
            return handler
        method: str = handler_call_details.method
        if method not in self._wrapped:
            self._wrapped[method] = _wrap_stream(handler)
        return self._wrapped[method]

    def intercept(self, method: str, proceed: Behavior, request: Message, context: grpc.ServicerContext) -> Message:
        """Return the response to a call that has a context."""
        started = time.perf_counter()
        call = CallContext(_request_id(context), deadline=deadline_after(context.time_remaining()))
        add_trailing_metadata(context, (request_ids.HEADER, call.request_id))
        token = current_call.set(call)
        try:
            return proceed(request, context)
        finally:
            current_call.reset(token)
            self._log(method, call, context, started)

    def _log(self, method: str, call: CallContext, context: grpc.ServicerContext, started: float) -> None:
        if method.startswith("/grpc.health."):
            return
        code = aborted_code(context)  # the error interceptor, further in, aborts every call that fails
        log.info(
            "call",
            method=method,
            code=code.name if code else "OK",
            caller=call.caller or "-",
            request_id=call.request_id,
            ms=round((time.perf_counter() - started) * 1000, 2),
        )


def _request_id(context: grpc.ServicerContext) -> str:
    sent = dict(context.invocation_metadata()).get(request_ids.HEADER, "")
    return str(sent) if request_ids.is_valid(sent) else request_ids.new()


def _wrap_stream(handler: Handler) -> Handler:
    codecs = handler.request_deserializer, handler.response_serializer
    if handler.unary_stream is not None:
        return grpc.unary_stream_rpc_method_handler(_with_request_id(handler.unary_stream), *codecs)
    if handler.stream_unary is not None:
        return grpc.stream_unary_rpc_method_handler(_with_request_id(handler.stream_unary), *codecs)
    if handler.stream_stream is not None:
        return grpc.stream_stream_rpc_method_handler(_with_request_id(handler.stream_stream), *codecs)
    return handler


def _with_request_id(behavior: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(behavior)  # keeps the attributes by which health's Watch asks to be called without blocking
    def wrapped(request: Any, context: grpc.ServicerContext, *callbacks: Any) -> Any:  # noqa: ANN401 - of any method
        context.send_initial_metadata(((request_ids.HEADER, _request_id(context)),))
        return behavior(request, context, *callbacks)

    return wrapped


def _abort_unimplemented(_: Iterator[bytes], context: grpc.ServicerContext) -> NoReturn:
    add_trailing_metadata(context, (request_ids.HEADER, _request_id(context)))
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "This method does not exist.")


UNIMPLEMENTED: Handler = grpc.stream_stream_rpc_method_handler(_abort_unimplemented)
"""A stream, so that it neither waits for the request nor reads it."""
