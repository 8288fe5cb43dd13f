"""What the interceptors share: each wraps a method's handler once, not on every call."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import grpc
from google.protobuf.message import Message

Behavior: TypeAlias = Callable[[Message, grpc.ServicerContext], Message]
"""What a unary method does; gRPC's own term."""
Deserializer: TypeAlias = Callable[[bytes], Message]

if TYPE_CHECKING:  # generic for type checkers only
    Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]
else:
    Handler = grpc.RpcMethodHandler

Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Handler | None]


class UnaryInterceptor(grpc.ServerInterceptor, ABC):
    """Runs `intercept` around each unary method; streams (health's Watch, reflection) pass unchanged."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Return the wrapped handler of a unary method, the same one for every call."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method: str = handler_call_details.method
        if method not in self._wrapped:
            self._wrapped[method] = self._wrap(method, handler, handler.unary_unary)
        return self._wrapped[method]

    @abstractmethod
    def intercept(self, method: str, proceed: Behavior, request: Message, context: grpc.ServicerContext) -> Message:
        """Return the response to a call; `proceed` runs the next interceptor, or the servicer."""

    def deserializer(self, handler: Handler) -> Deserializer:
        """Return the function that reads a request of the method from bytes."""
        return cast("Deserializer", handler.request_deserializer)

    def _wrap(self, method: str, handler: Handler, proceed: Behavior) -> Handler:
        def behavior(request: Message, context: grpc.ServicerContext) -> Message:
            return self.intercept(method, proceed, request, context)

        return grpc.unary_unary_rpc_method_handler(
            behavior,
            request_deserializer=self.deserializer(handler),
            response_serializer=handler.response_serializer,
        )


def aborted_code(context: grpc.ServicerContext) -> grpc.StatusCode | None:
    """Return the code of an aborted call; None on success, and after an error that has not been translated."""
    code = context.code()  # type: ignore[attr-defined] # gRPC has it since 1.45, types-grpcio does not
    return code if isinstance(code, grpc.StatusCode) else None


def add_trailing_metadata(context: grpc.ServicerContext, *metadata: tuple[str, str | bytes]) -> None:
    """Add to the trailing metadata of the response; gRPC's own method replaces it."""
    existing = context.trailing_metadata() or ()
    context.set_trailing_metadata((*existing, *metadata))
