"""Work that the orders service repeats in the background, with and without a broker."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mesh import logs
from svc_orders.store.lost_events import LostEventStore, StaleEvents

REPORT_INTERVAL_SECONDS = 300.0
"""Time after which events that still wait are reported again."""

log = logs.get("orders.maintenance")


@dataclass(frozen=True)
class Task:
    """Something that is repeated.

    Args:
        name: its name in the log.
        interval_seconds: time between two runs.
        run: does it once.
    """

    name: str
    interval_seconds: float
    run: Callable[[], object]


class MaintenanceThread:
    """Repeats tasks in a thread of its own. A task that fails runs again after its interval, and delays no other.

    Args:
        tasks: the tasks.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Start the thread, whether or not the database is available."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        due = dict.fromkeys(self._tasks, time.monotonic())
        while not self._stopping.wait(max(0.0, min(due.values()) - time.monotonic())):
            task = min(due, key=lambda each: due[each])
            try:
                task.run()
            except Exception as error:  # noqa: BLE001 - the next run tries again, whatever failed
                log.warning("task failed", task=task.name, error=type(error).__name__, reason=str(error))
            due[task] = time.monotonic() + task.interval_seconds


class StaleEventReport:
    """Logs that events have been waiting for too long: when that begins, repeatedly, and when it is over.

    The broker may be away, no worker may run, or another client of the database may have locked the events, which
    hides them from every consumer.

    Args:
        store: the events in the database.
        clock: returns the current time, UTC.
        stale_after: time after which an event has been waiting for too long.
        monotonic: returns a time in seconds that no change of the clock affects.
    """

    def __init__(
        self,
        store: LostEventStore,
        clock: Callable[[], datetime],
        stale_after: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._stale_after = stale_after
        self._monotonic = monotonic
        self._next_report_at: float | None = None

    def check(self) -> None:
        """Look for such events, and log a change."""
        now = self._clock()
        stale = self._store.count_stale(now - self._stale_after)
        if stale.since is None:
            if self._next_report_at is not None:
                log.info("no events are waiting any more")
            self._next_report_at = None
        elif self._next_report_at is None or self._monotonic() >= self._next_report_at:
            self._next_report_at = self._monotonic() + REPORT_INTERVAL_SECONDS
            _report(stale, now)


def _report(stale: StaleEvents, now: datetime) -> None:
    oldest_seconds = round((now - stale.since).total_seconds()) if stale.since else 0
    log.warning("events are waiting", count=stale.count, oldest_seconds=oldest_seconds)
