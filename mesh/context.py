"""The call that is being served now: its id, its caller and its deadline, for all code that works on it."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from mesh import request_ids

MAX_DEADLINE_SECONDS = 3600.0
"""Longer deadlines count as none: gRPC reports a call without a deadline as one of some 292 years."""
MIN_TIMEOUT_SECONDS = 0.001
"""gRPC takes a timeout of 0 for an error."""


@dataclass(slots=True)
class CallContext:
    """The context of one call, from its arrival to its response.

    Args:
        request_id: the id of the request that the call belongs to.
        caller: name of the calling service; empty until it is authenticated.
        unrestricted: whether the caller may see the data of every user (`unrestricted_callers` of the method's policy).
        deadline: time on the monotonic clock; None when the caller set none.
    """

    request_id: str = field(default_factory=request_ids.new)
    caller: str = ""
    unrestricted: bool = False
    deadline: float | None = None

    def remaining_seconds(self) -> float | None:
        """Return the time until the deadline, at least one millisecond; None without a deadline."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), MIN_TIMEOUT_SECONDS)


current_call: ContextVar[CallContext | None] = ContextVar("current_call", default=None)
"""The call that this thread or task works for; None outside of a call."""


def deadline_after(seconds: float | None) -> float | None:
    """Return the time on the monotonic clock after this many seconds; None for what gRPC reports as no deadline."""
    return None if seconds is None or seconds > MAX_DEADLINE_SECONDS else time.monotonic() + seconds
