"""Checks each request against the rules that its contract states."""

import grpc
import protovalidate
from google.protobuf.message import Message

from mesh.errors import InvalidArgument
from mesh.interceptors.base import Handle, UnaryInterceptor


class Rules(UnaryInterceptor):
    """Refuses a request that breaks a `buf.validate` rule, naming every field that does."""

    def __init__(self) -> None:
        super().__init__()
        self._validator = protovalidate.Validator()

    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: ARG002 - the signature of all interceptors
        """Answers a request that keeps the rules."""
        violations = self._validator.collect_violations(request)
        if violations:
            sentences = [_sentence(violation) for violation in violations]
            fields = {field: sentence for field, sentence in reversed(sentences) if field}
            raise InvalidArgument(sentences[0][1], "INVALID_FIELD", fields=fields)
        return handle(request, context)


def _sentence(violation: protovalidate.Violation) -> tuple[str, str]:
    """The field's path (empty for a rule on the whole message), and one sentence about it.

    A rule of our own that ends in a full stop is a sentence already; the library's lack the subject.
    """
    proto = violation.proto
    field = ".".join(element.field_name for element in proto.field.elements) if proto.field else ""
    message = proto.message or "is not valid"
    return field, message if message.endswith(".") else f"{field} {message}."
