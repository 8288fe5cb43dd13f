"""Sends the events of orders again whose message was lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mesh import logs
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.store.lost_events import LostEventStore

MAX_INTERVAL_SECONDS = 5.0
"""Longest time between two passes; shorter when events count as lost early."""
MAX_RESENT = 1000
"""Messages that may wait in the queue of messages that are sent again."""
MAX_PROBES = 10
"""Events that are sent again although they may only be late, within the time after which an event counts as lost."""

log = logs.get("orders.reconciler")


@dataclass(frozen=True)
class Backlog:
    """The messages that wait at the broker, also for a further attempt.

    Args:
        first: messages that were sent for the first time.
        resent: messages that were sent again.
    """

    first: int = 0
    resent: int = 0


class Reconciler:
    """Lets lost events be sent again; processing an order twice changes nothing.

    The decision is made for each event, so that neither a long backlog nor many losses delay it: the time until an
    event is sent again is the same each time. What may still be waiting at the broker is not sent again, except for a
    few events at a time, so that an event that was lost among others that never end is sent again too.

    Args:
        store: the events in the database.
        signal: is notified when there are events to send.
        clock: returns the current time, UTC.
        resend_after: age at which the event of a pending order counts as lost.
        monotonic: returns a time in seconds that no change of the clock affects.
    """

    def __init__(
        self,
        store: LostEventStore,
        signal: EventSignal,
        clock: Callable[[], datetime],
        resend_after: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._signal = signal
        self._clock = clock
        self._resend_after = resend_after
        self._first = _EmptyQueue(resend_after.total_seconds() / 4, monotonic)
        self._resent = _EmptyQueue(resend_after.total_seconds() / 4, monotonic)
        self._monotonic = monotonic
        self._next_probes_at = 0.0

    @property
    def interval_seconds(self) -> float:
        """Time between two passes."""
        return min(MAX_INTERVAL_SECONDS, self._resend_after.total_seconds() / 4)

    def resend_lost(self, backlog: Backlog | None = None) -> int:
        """Let lost events be sent again and return their number.

        Args:
            backlog: the messages that wait at the broker; None without a broker, where no message waits.
        """
        now, limit = self._clock(), MAX_RESENT - (backlog.resent if backlog else 0)
        first_is_empty = backlog is None or self._first.is_empty(backlog.first)
        resent_is_empty = backlog is None or self._resent.is_empty(backlog.resent)
        if limit <= 0:
            return 0
        events = self._store.find_lost(
            self._resend_after, now, limit, first_is_empty=first_is_empty, resent_is_empty=resent_is_empty
        )
        events = events or self._find_probes(now)
        if events:
            self._store.resend(events, now)
            self._signal.notify()
            log.warning("events resent", count=len(events))
        return len(events)

    def _find_probes(self, now: datetime) -> list[str]:
        if self._monotonic() < self._next_probes_at:
            return []
        probes = self._store.find_oldest(self._resend_after, now, MAX_PROBES)
        if probes:
            self._next_probes_at = self._monotonic() + self._resend_after.total_seconds()
        return probes


class _EmptyQueue:
    """Remembers how long no message has been waiting in a queue and its retry queues.

    A message that is retried waits in no queue while a worker has it, so one look is not enough.

    Args:
        settle_seconds: time after which the queue counts as empty.
        monotonic: returns the time.
    """

    def __init__(self, settle_seconds: float, monotonic: Callable[[], float]) -> None:
        self._settle_seconds = settle_seconds
        self._monotonic = monotonic
        self._last_message_at: float | None = None

    def is_empty(self, waiting: int) -> bool:
        """Return whether no message has been waiting for long enough, given how many wait now."""
        if waiting:
            self._last_message_at = self._monotonic()
        return self._last_message_at is None or self._monotonic() >= self._last_message_at + self._settle_seconds
