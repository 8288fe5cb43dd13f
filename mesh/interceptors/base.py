"""What the interceptors share: wrapping a unary handler once, not on every call."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.message import Message

Handle = Callable[[Message, grpc.ServicerContext], Message]
Read = Callable[[bytes], Message]

if TYPE_CHECKING:  # generic for type checkers only
    Handler = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler


class UnaryInterceptor(grpc.ServerInterceptor, ABC):
    """Surrounds each unary method with `around`; streams (health's Watch, reflection) pass untouched."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Answers the wrapped handler of a unary method, the same one every time."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method: str = handler_call_details.method
        if method not in self._wrapped:
            self._wrapped[method] = self._wrap(method, handler, handler.unary_unary)
        return self._wrapped[method]

    @abstractmethod
    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:
        """Answers the call: does its own work, and calls `handle` for what lies further in."""

    def reader(self, handler: Handler) -> Read:
        """How requests are read from bytes."""
        return cast("Read", handler.request_deserializer)

    def _wrap(self, method: str, handler: Handler, handle: Handle) -> Handler:
        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            return self.around(method, handle, request, context)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=self.reader(handler),
            response_serializer=handler.response_serializer,
        )


def status_set(context: grpc.ServicerContext) -> grpc.StatusCode | None:
    """The code that an abort has set; None on success, and after an exception that nobody has translated."""
    code = context.code()  # type: ignore[attr-defined] # gRPC has it since 1.45, types-grpcio does not
    return code if isinstance(code, grpc.StatusCode) else None
