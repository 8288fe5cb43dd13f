"""The current call knows how long it may last."""

import pytest

from mesh.context import MAX_DEADLINE_SECONDS, CallContext, deadline_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("seconds", [None, 9e18, MAX_DEADLINE_SECONDS + 1])
def test_no_deadline_is_none(seconds: float | None) -> None:
    """A call without a deadline is reported by gRPC as one of some 292 years."""
    assert deadline_after(seconds) is None


def test_what_remains_shrinks_but_never_to_nothing() -> None:
    """A call that is late still gets a positive timeout: gRPC takes 0 for an error."""
    assert CallContext().remaining_seconds() is None
    left = CallContext(deadline=deadline_after(5)).remaining_seconds()
    assert left is not None
    assert 4 < left <= 5
    assert CallContext(deadline=deadline_after(-5)).remaining_seconds() == 0.001


def test_each_call_has_an_id_of_its_own() -> None:
    """Two calls are told apart without anybody's doing."""
    assert CallContext().request_id != CallContext().request_id
