"""Leases events to one consumer at a time and settles them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from svc_orders.outbox.event_signal import EventSignal
from svc_orders.store.dead_events import DeadEvent
from svc_orders.store.outbox import LeasedEvent, OutboxStore, Retry, Settlement

RunBlocking: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs a blocking function with its arguments in a thread."""
BATCH_INTERVAL_SECONDS = 0.1
"""Minimum time between two batches: a batch of one event costs each service as much as a batch of fifty."""
POLL_INTERVAL_SECONDS = 0.5
"""Time between two looks while waiting, for events of other processes and for retried ones."""


class Outbox:
    """The events that wait for a consumer.

    Args:
        store: the events in the database.
        signal: is notified after an order was committed.
        clock: returns the current time, UTC.
        poll_interval_seconds: time between two looks while waiting.
        run: runs the statements of a task that waits for events.
    """

    def __init__(
        self,
        store: OutboxStore,
        signal: EventSignal,
        clock: Callable[[], datetime],
        poll_interval_seconds: float = POLL_INTERVAL_SECONDS,
        run: RunBlocking = asyncio.to_thread,
    ) -> None:
        self._store = store
        self._signal = signal
        self._clock = clock
        self._poll_interval_seconds = poll_interval_seconds
        self._run = run
        self._next_batch_at = 0.0
        self._returning: set[asyncio.Future[Any]] = set()

    async def wait_and_lease(
        self,
        max_events: int,
        lease: timedelta,
        wait: timedelta,
        is_active: Callable[[], bool] = lambda: True,
        token: str = "",
    ) -> Sequence[LeasedEvent]:
        """Lease up to `max_events` events, the oldest first; wait for the first one.

        Events are given back when the consumer has gone in the meantime, or when the task is cancelled.

        Args:
            max_events: maximum number of events.
            lease: duration of the lease.
            wait: maximum time to wait for the first event.
            is_active: returns whether the consumer still waits.
            token: the token of the lease; a new one when empty.
        """
        deadline = time.monotonic() + wait.total_seconds()
        while True:
            last_count = self._signal.count
            events: Sequence[LeasedEvent] = ()
            if await self._run(self._store.has_waiting, self._clock()) and is_active():
                await self._wait_for_next_batch()
                events = await self._lease_or_give_back(max_events, lease, token)
            if events and not is_active():
                await self._run(self._give_back, events)
                return ()
            remaining = deadline - time.monotonic()
            if events or remaining <= 0 or self._signal.closed or not is_active():
                return events
            await self._signal.wait(last_count, min(remaining, self._poll_interval_seconds))

    def lease(self, max_events: int, lease: timedelta, token: str = "") -> Sequence[LeasedEvent]:
        """Lease up to `max_events` events, the oldest first, without waiting."""
        return self._store.lease(max_events, lease, self._clock(), token)

    async def release(self, tokens: Sequence[str]) -> None:
        """Let the events of leases wait again whose consumer did not receive them."""
        await self._run(self._store.release, tokens, self._clock())

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Store the settlements of leased events; those of an ended lease are ignored."""
        self._store.settle(settlements, self._clock())

    def find_dead(self) -> Sequence[DeadEvent]:
        """Return the events that a worker has rejected, the oldest first."""
        return self._store.dead.find_all()

    def redrive(self, event_ids: Sequence[str]) -> int:
        """Let rejected events wait for a consumer again and return their number."""
        redriven = self._store.dead.redrive(event_ids, self._clock())
        self._signal.notify()
        return redriven

    async def _lease_or_give_back(self, max_events: int, lease: timedelta, token: str) -> Sequence[LeasedEvent]:
        leasing: asyncio.Future[Sequence[LeasedEvent]]
        leasing = asyncio.ensure_future(self._run(self.lease, max_events, lease, token))
        try:
            return await asyncio.shield(leasing)
        except asyncio.CancelledError:  # the statements still run, and may lease events for a consumer that has gone
            returning = asyncio.ensure_future(self._give_back_later(leasing))
            self._returning.add(returning)
            returning.add_done_callback(self._returning.discard)
            raise

    async def _give_back_later(self, leasing: "asyncio.Future[Sequence[LeasedEvent]]") -> None:
        events = await leasing
        if events:
            await self._run(self._give_back, events)

    def _give_back(self, events: Sequence[LeasedEvent]) -> None:
        self.settle([Retry(event.event_id, event.lease_token, timedelta()) for event in events])
        self._signal.notify()

    async def _wait_for_next_batch(self) -> None:
        """Return at once after an idle period; under load wait, so that a batch has more than one event."""
        await asyncio.sleep(max(0.0, self._next_batch_at - time.monotonic()))
        self._next_batch_at = time.monotonic() + BATCH_INTERVAL_SECONDS
