"""Checks each request against the rules of its contract."""

import json

import protovalidate
from google.protobuf.message import Message

from mesh.errors import InvalidArgument
from mesh.interceptors.base import IncomingCall, Interceptor, Proceed


class ValidationInterceptor(Interceptor):
    """Rejects a request that violates `buf.validate` rules, with all violations.

    A rule on the whole message has no field: its id is in the error's metadata, as `rules`.
    """

    def __init__(self) -> None:
        self._validator = protovalidate.Validator()

    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a valid request.

        Raises:
            InvalidArgument: the request is not valid.
        """
        violations = self._validator.collect_violations(call.request)
        if violations:
            raise _error(violations)
        return await proceed(call)


def _error(violations: list[protovalidate.Violation]) -> InvalidArgument:
    described = [describe_violation(violation) for violation in violations]
    rules = [violation.proto.rule_id for violation in violations if not _field_path(violation)]
    return InvalidArgument(
        described[0][1],
        "INVALID_FIELD",
        fields=[(field, description) for field, description in described if field],
        metadata={"rules": ",".join(rules)} if rules else None,
    )


def describe_violation(violation: protovalidate.Violation) -> tuple[str, str]:
    """Return the path of the field (empty for a rule on the whole message) and a sentence about it.

    The messages of our own rules are sentences and end in a full stop; those of the library lack the subject.
    """
    proto = violation.proto
    field = _field_path(violation)
    message = proto.message or "is not valid"
    return field, message if message.endswith(".") else f"{field or 'The request'} {message}."


def _field_path(violation: protovalidate.Violation) -> str:
    """Return a path such as `requests[1].quantity` or `labels["de"]`."""
    names = []
    for element in violation.proto.field.elements if violation.proto.field else ():
        key = element.subscript and json.dumps(element.subscript.value, ensure_ascii=False)
        names.append(f"{element.field_name}[{key}]" if key else element.field_name)
    return ".".join(names)
