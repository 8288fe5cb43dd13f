"""Resends the events of pending orders that were published long ago."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from mesh import logs
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.store.outbox import OutboxStore

MAX_INTERVAL_SECONDS = 10.0
"""Longest time between two passes; shorter when events count as lost early."""
MAX_DOUBLINGS = 10
"""Number of resends after which the time until the next one no longer grows."""

log = logs.get("orders.reconciler")


class Reconciler:
    """Lets the events of pending orders be sent again; processing an order twice changes nothing.

    Each resend of an event doubles the time until its next one, so that an order that can never end does not fill the
    queue.

    Args:
        store: the events in the database.
        signal: is notified when there are events to send.
        clock: returns the current time, UTC.
        resend_after: age at which the event of a pending order counts as lost.
    """

    def __init__(
        self, store: OutboxStore, signal: EventSignal, clock: Callable[[], datetime], resend_after: timedelta
    ) -> None:
        self._store = store
        self._signal = signal
        self._clock = clock
        self._resend_after = resend_after

    @property
    def interval_seconds(self) -> float:
        """Time between two passes."""
        return min(MAX_INTERVAL_SECONDS, self._resend_after.total_seconds() / 4)

    def resend_lost(self, queued: int = 0) -> int:
        """Let lost events be sent again and return their number.

        Args:
            queued: number of messages in the broker's queue. Up to that many overdue orders are late rather than
                lost, and resending them would only make the queue longer.
        """
        now = self._clock()
        events = self._store.find_overdue(now - self._resend_after)
        lost = [event.event_id for event in events if event.published_at + self._resend_delay(event.resent) <= now]
        if len(lost) <= queued:
            return 0
        self._store.resend(lost, now)
        self._signal.notify()
        log.warning("events resent", count=len(lost))
        return len(lost)

    def _resend_delay(self, resent: int) -> timedelta:
        return self._resend_after * (1 << min(resent, MAX_DOUBLINGS))


class ReconcilerThread:
    """Runs the reconciler where no relay does, for the events that a broker had before it was removed.

    Args:
        reconciler: resends lost events.
    """

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)

    def start(self) -> None:
        """Start the thread, whether or not the database is available."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._reconciler.interval_seconds):
            try:
                self._reconciler.resend_lost()
            except Exception as error:  # noqa: BLE001 - the next pass tries again, whatever failed
                log.warning("reconciling failed", error=type(error).__name__)
