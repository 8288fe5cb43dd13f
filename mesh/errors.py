"""The errors that services raise; only the error interceptor translates them into status codes.

MeshError
├── InvalidArgument       a field is missing, malformed or out of range
├── Unauthenticated       missing or invalid credentials
├── PermissionDenied      the caller is not allowed to do this
├── NotFound              the resource does not exist
├── AlreadyExists         the resource exists already
├── FailedPrecondition    the request conflicts with the current state of the resource
├── ResourceExhausted     too many requests
└── Unavailable           a dependency is down; retry later
"""

from collections.abc import Mapping, Sequence

from google.protobuf.message import Message


class MeshError(Exception):
    """An error with a sentence for people and a reason for programs.

    Args:
        message: the sentence; it reaches the caller unchanged.
        reason: an UPPER_SNAKE_CASE name, unique in the service (google.rpc.ErrorInfo).
        fields: descriptions by field path, for invalid input (google.rpc.BadRequest); pairs instead of a mapping when
            a field has several.
        metadata: facts for programs, as text. A `retry_after` in whole seconds is sent as google.rpc.RetryInfo as well.
        details: further messages to attach, such as the resource that is in conflict.
    """

    def __init__(
        self,
        message: str,
        reason: str = "",
        *,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        metadata: Mapping[str, str] | None = None,
        details: Sequence[Message] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or _upper_snake(type(self).__name__)
        self.violations = tuple(fields.items() if isinstance(fields, Mapping) else fields)
        self.metadata = metadata or {}
        self.details = details

    @property
    def fields(self) -> dict[str, str]:
        """The first description of each field, by its path."""
        return first_by_field(self.violations)


class InvalidArgument(MeshError):
    """A field is missing, malformed or out of range."""


class Unauthenticated(MeshError):
    """Missing or invalid credentials."""


class PermissionDenied(MeshError):
    """The caller is not allowed to do this."""


class NotFound(MeshError):
    """The resource does not exist."""


class AlreadyExists(MeshError):
    """The resource exists already."""


class FailedPrecondition(MeshError):
    """The request conflicts with the current state of the resource."""


class ResourceExhausted(MeshError):
    """Too many requests."""


class Unavailable(MeshError):
    """A dependency is down; retry later."""


def first_by_field(violations: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the first description of each field, in the order of the fields."""
    fields: dict[str, str] = {}
    for field, description in violations:
        fields.setdefault(field, description)
    return fields


def _upper_snake(name: str) -> str:
    return "".join("_" + letter if letter.isupper() and i else letter for i, letter in enumerate(name)).upper()
