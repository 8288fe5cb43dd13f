"""Checks each request against the rules that its contract states."""

import grpc
import protovalidate
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError, Message

from mesh.errors import InvalidArgument
from mesh.interceptors.base import Handle, Handler, Read, UnaryInterceptor

UNREADABLE = Empty()
"""Stands for bytes that are no message of the method; gRPC itself would answer INTERNAL and log a stack trace."""


class Rules(UnaryInterceptor):
    """Refuses what is no request, and a request that breaks a `buf.validate` rule, naming every field that does."""

    def __init__(self) -> None:
        super().__init__()
        self._validator = protovalidate.Validator()

    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: ARG002 - the signature of all interceptors
        """Answers a request that keeps the rules."""
        if request is UNREADABLE:
            raise InvalidArgument("The request is not a message of this method.", "UNREADABLE_REQUEST")
        violations = self._validator.collect_violations(request)
        if violations:
            sentences = [_sentence(violation) for violation in violations]
            fields = {field: sentence for field, sentence in reversed(sentences) if field}
            raise InvalidArgument(sentences[0][1], "INVALID_FIELD", fields=fields)
        return handle(request, context)

    def reader(self, handler: Handler) -> Read:
        """Reads what is no message as UNREADABLE."""
        read = super().reader(handler)

        def tolerant(raw: bytes) -> Message:
            try:
                return read(raw)
            except DecodeError:
                return UNREADABLE

        return tolerant


def _sentence(violation: protovalidate.Violation) -> tuple[str, str]:
    """The field's path (empty for a rule on the whole message), and one sentence about it.

    A rule of our own that ends in a full stop is a sentence already; the library's lack the subject.
    """
    proto = violation.proto
    field = ".".join(element.field_name for element in proto.field.elements) if proto.field else ""
    message = proto.message or "is not valid"
    return field, message if message.endswith(".") else f"{field} {message}."
