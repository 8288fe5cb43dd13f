"""The errors that services raise; only the errors interceptor turns them into status codes.

MeshError
├── InvalidArgument       a field is missing, malformed or out of range
├── Unauthenticated       nobody knows who is calling
├── PermissionDenied      the caller is known and may not
├── NotFound              the thing that was named does not exist
├── AlreadyExists         it exists already, and only one may
├── FailedPrecondition    the request is right, the state of things is against it
├── ResourceExhausted     too many requests
└── Unavailable           something behind the service is down: worth another try
"""

from collections.abc import Mapping, Sequence

from google.protobuf.message import Message


class MeshError(Exception):
    """What went wrong: one plain sentence for people, a reason for programs.

    Args:
        message: the sentence; it reaches the caller as it is.
        reason: UPPER_SNAKE_CASE name, unique in the service (google.rpc.ErrorInfo).
        fields: sentence by field name, for bad input (google.rpc.BadRequest).
        metadata: facts that a program may want, as text.
        details: further messages to attach, such as the thing that is in the way.
    """

    def __init__(
        self,
        message: str,
        reason: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        details: Sequence[Message] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or _snake(type(self).__name__)
        self.fields = fields or {}
        self.metadata = metadata or {}
        self.details = details


class InvalidArgument(MeshError):
    """A field is missing, malformed or out of range."""


class Unauthenticated(MeshError):
    """Nobody knows who is calling."""


class PermissionDenied(MeshError):
    """The caller is known and may not."""


class NotFound(MeshError):
    """The thing that was named does not exist."""


class AlreadyExists(MeshError):
    """It exists already, and only one may."""


class FailedPrecondition(MeshError):
    """The request is right, the state of things is against it."""


class ResourceExhausted(MeshError):
    """Too many requests."""


class Unavailable(MeshError):
    """Something behind the service is down: worth another try."""


def _snake(name: str) -> str:
    return "".join("_" + letter if letter.isupper() and i else letter for i, letter in enumerate(name)).upper()
