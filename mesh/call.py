"""The call that is being answered right now, for whoever works on it: its id, its caller, its deadline."""

import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

LONGEST = 3600.0
"""Seconds; gRPC reports the absence of a deadline as some 292 years."""


@dataclass(slots=True)
class Call:
    """One call, from its arrival to its answer."""

    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    caller: str = ""
    unrestricted: bool = False
    """Whether the caller may see the data of every user: `unrestricted_callers` of the method's policy."""
    deadline: float | None = None
    """On the monotonic clock; none when the caller set none."""

    def remaining(self) -> float | None:
        """Seconds that are left, never below a millisecond; none without a deadline."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.001)


current: ContextVar[Call | None] = ContextVar("call", default=None)
"""The call that this thread or task works for; none outside of one."""


def deadline_after(seconds: float | None) -> float | None:
    """A moment on the monotonic clock; none for no deadline, as gRPC reports it."""
    return None if seconds is None or seconds > LONGEST else time.monotonic() + seconds
