"""Checks the validation rules of a contract when a server starts.

protovalidate compiles a rule when a message of its type is first validated, and finds a wrong field name only when the
rule is evaluated. Without this check, such a mistake would fail calls instead of the start.
"""

from collections.abc import Iterator

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from mesh.policy import ContractError


class InvalidRuleError(ContractError):
    """A `buf.validate` rule of a request cannot be compiled or evaluated; the message names the request."""


def check_rules(service: ServiceDescriptor) -> None:
    """Compile and evaluate every rule of the service's requests once.

    Raises:
        InvalidRuleError: when a rule is malformed, has the wrong type, or names a field that does not exist.
    """
    validator = protovalidate.Validator()
    for method in service.methods:
        for message_type in _message_types(method.input_type, set()):
            for example in _examples(message_type):
                try:
                    validator.collect_violations(example)
                except (protovalidate.CompilationError, protovalidate.EvaluationError) as error:
                    message = f"{method.full_name} has an invalid rule in {message_type.full_name}: {error}"
                    raise InvalidRuleError(message) from error


def _message_types(message_type: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    """Yield the message type and all types that it contains, each once."""
    if message_type.full_name in seen:
        return
    seen.add(message_type.full_name)
    yield message_type
    for field in message_type.fields:
        if field.message_type is not None:
            yield from _message_types(field.message_type, seen)


def _examples(message_type: Descriptor) -> Iterator[Message]:
    """Yield messages that together set every field: the rule of a field that is not set is not evaluated."""
    members = max((len(oneof.fields) for oneof in message_type.oneofs), default=1)
    for index in range(members):
        example: Message = GetMessageClass(message_type)()
        for field in message_type.fields:
            oneof = field.containing_oneof
            if oneof is None or oneof.fields[index % len(oneof.fields)] is field:
                _set(example, field)
        yield example


def _set(message: Message, field: FieldDescriptor) -> None:
    """Set a field to its default value, or add one element to it."""
    nested = field.message_type
    if nested is not None and nested.GetOptions().map_entry:
        return  # the entry is a message type of its own, which is checked like the others
    value = getattr(message, field.name)
    if field.is_repeated:
        value.append(_scalar(field)) if nested is None else value.add()
    elif nested is not None:
        value.SetInParent()
    else:
        setattr(message, field.name, field.default_value)


def _scalar(field: FieldDescriptor) -> object:
    """Return a value of a repeated field's element type."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return b"" if field.type == FieldDescriptor.TYPE_BYTES else ""
    if field.enum_type is not None:
        return field.enum_type.values[0].number
    return False if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL else 0
