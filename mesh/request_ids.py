"""The id that follows a request through every process, and the rule for ids that come from outside."""

import re
import uuid

HEADER = "x-request-id"
"""Name of the HTTP header, of the gRPC metadata key and of the broker header that carry the id."""
_VALID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


def is_valid(text: object) -> bool:
    """Return whether an id from outside is safe to use: ids are logged, so they may not be able to forge a log line."""
    return isinstance(text, str) and _VALID.fullmatch(text) is not None


def new() -> str:
    """Return a new random id."""
    return uuid.uuid4().hex
