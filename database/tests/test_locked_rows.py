"""Few transactions wait for a locked row, and those for other rows do not wait at all."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from database.transactions.failures import LockWaitError
from database.transactions.locked_rows import MAX_WAITING, MAX_WAITING_PER_ROW, LockedRows
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import Unavailable
from mesh.testing import wait_until

pytestmark = pytest.mark.unit

BOOK, OTHER = 7, 8


def fail() -> None:
    """Wait for a row in vain."""
    raise LockWaitError


def reason_of(call: Callable[[], object]) -> str:
    """Return the reason of the error that the call raises."""
    with pytest.raises(Unavailable) as refused:
        call()
    return refused.value.reason


@pytest.fixture
def locked() -> LockedRows:
    """Return the rows, of which one is locked."""
    rows = LockedRows()
    token = current_call.set(CallContext(deadline=deadline_after(0.1)))
    assert reason_of(lambda: rows.run(BOOK, fail)) == "ROW_LOCKED"
    current_call.reset(token)
    return rows


def test_a_row_is_locked_until_a_transaction_succeeds(locked: LockedRows) -> None:
    """A batch that contains the row is refused without a wait; one that does not, runs."""
    assert locked.is_locked(BOOK)
    assert reason_of(lambda: locked.run_together([OTHER, BOOK], fail)) == "ROW_LOCKED"
    assert locked.run_together([OTHER], lambda: "done") == "done"
    assert locked.run(BOOK, lambda: "done") == "done"
    assert not locked.is_locked(BOOK)
    assert locked.run_together([OTHER, BOOK], lambda: "done") == "done"


def test_a_batch_marks_no_row() -> None:
    """It is unknown for which of its rows it has waited."""
    rows = LockedRows()
    assert reason_of(lambda: rows.run_together([BOOK, OTHER], fail)) == "ROW_LOCKED"
    assert not rows.is_locked(BOOK)
    assert not rows.is_locked(OTHER)


def test_a_transaction_is_repeated_while_its_caller_waits(locked: LockedRows) -> None:
    """The row becomes free during the third attempt."""
    attempts = []

    def transaction() -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise LockWaitError
        return "done"

    assert locked.run(BOOK, transaction) == "done"


def test_few_transactions_wait_for_a_row_and_for_all_rows(locked: LockedRows) -> None:
    """The next one is refused at once; other errors of a transaction give its place back."""
    gate, waiting = threading.Event(), []

    def wait() -> None:
        waiting.append(1)
        assert gate.wait(30)

    with ThreadPoolExecutor(MAX_WAITING) as pool:
        runs = [pool.submit(locked.run, BOOK, wait) for _ in range(MAX_WAITING_PER_ROW)]
        wait_until(lambda: len(waiting) == MAX_WAITING_PER_ROW)
        assert reason_of(lambda: locked.run(BOOK, lambda: "done")) == "ROW_LOCKED"
        assert locked.run(OTHER, lambda: "done") == "done"
        gate.set()
        for run in runs:
            run.result()
    assert not locked.is_locked(BOOK)
    for _ in range(MAX_WAITING + 1):
        with pytest.raises(ZeroDivisionError):
            locked.run(BOOK, lambda: 1 / 0)
