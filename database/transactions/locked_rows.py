"""Keeps transactions from waiting all at once for rows that another client has locked for long."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from database.mysql.session import LOCK_WAIT_TIMEOUT_SECONDS
from database.transactions.deadline import remaining_seconds
from database.transactions.failures import LockWaitError
from mesh.errors import Unavailable

T = TypeVar("T")

MAX_WAITING_PER_ROW = 2
"""Two, because the first one may wait for another row, and the second one then shows that this one is free."""
MAX_WAITING = 4
"""Transactions that wait for locked rows in all, each with a thread and a connection."""


class LockedRows:
    """Remembers the rows that are locked, and limits how many transactions wait for them.

    A row counts as locked after a transaction has waited for it in vain, until another one succeeds. All transactions
    have to be decorated with `@retry_transaction(wait_for_locks=False)`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, int] = {}
        """Transactions that wait now, by the locked row."""

    def is_locked(self, row: int) -> bool:
        """Return whether the row is locked, as far as known."""
        return row in self._waiting

    def run_together(self, rows: Iterable[int], transaction: Callable[[], T]) -> T:
        """Run a transaction on several rows, which waits for locks for one second at most.

        Raises:
            Unavailable: at least one of the rows is locked. The members of the batch should be sent alone.
        """
        if any(map(self.is_locked, rows)):
            raise _row_locked()
        try:
            return transaction()
        except LockWaitError as error:
            raise _row_locked() from error

    def run(self, row: int, transaction: Callable[[], T]) -> T:
        """Run a transaction on one row, and repeat it while the row is locked, as long as the current call may take.

        Raises:
            Unavailable: the row remains locked, or enough transactions wait for it already.
        """
        deadline = time.monotonic() + remaining_seconds()
        waits = False
        try:
            while True:
                waits = waits or self._begin_to_wait(row)
                try:
                    result = transaction()
                except LockWaitError as error:
                    with self._lock:
                        self._waiting.setdefault(row, 0)
                    if time.monotonic() + LOCK_WAIT_TIMEOUT_SECONDS > deadline:
                        raise _row_locked() from error
                else:
                    with self._lock:
                        self._waiting.pop(row, None)
                    return result
        finally:
            if waits:
                self._end_waiting(row)

    def _begin_to_wait(self, row: int) -> bool:
        """Count a transaction as waiting if the row is locked, and return whether it is."""
        with self._lock:
            waiting = self._waiting.get(row)
            if waiting is None:
                return False
            if waiting >= MAX_WAITING_PER_ROW or sum(self._waiting.values()) >= MAX_WAITING:
                raise _row_locked()
            self._waiting[row] = waiting + 1
        return True

    def _end_waiting(self, row: int) -> None:
        with self._lock:
            if self._waiting.get(row):
                self._waiting[row] -= 1


def _row_locked() -> Unavailable:
    message = "Another client has locked what this request needs. Please try again."
    return Unavailable(message, "ROW_LOCKED", metadata={"retry_after": "1"})
