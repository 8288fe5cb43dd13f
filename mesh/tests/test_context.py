"""The context of a call has an id, and knows how long the call may last."""

import pytest

from mesh.context import MAX_DEADLINE_SECONDS, CallContext, deadline_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("seconds", [None, 9e18, MAX_DEADLINE_SECONDS + 1])
def test_no_deadline_is_none(seconds: float | None) -> None:
    """GRPC reports a call without a deadline as one of some 292 years."""
    assert deadline_after(seconds) is None


def test_the_remaining_time_is_always_positive() -> None:
    """A call that is late still gets a positive timeout, because gRPC takes 0 for an error."""
    assert CallContext().remaining_seconds() is None
    remaining = CallContext(deadline=deadline_after(5)).remaining_seconds()
    assert remaining is not None
    assert 4 < remaining <= 5
    assert CallContext(deadline=deadline_after(-5)).remaining_seconds() == 0.001


def test_each_call_has_its_own_id() -> None:
    """Two calls differ even when their callers send no id."""
    assert CallContext().request_id != CallContext().request_id
