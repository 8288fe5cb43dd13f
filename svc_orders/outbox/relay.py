"""Publishes events from the outbox to the broker."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from mesh import logs, request_ids
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import BrokerError, PublishRefusedError, UnroutableError
from mesh.broker.messages import Message
from mesh.broker.settings import Settings
from mesh.broker.status import CONNECTION, USE, BrokerStatus
from mesh.broker.topology import Topology
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.outbox.reconciler import Backlog, Reconciler
from svc_orders.store.outbox import Done, LeasedEvent, Retry, Settlement

MAX_BATCH_SIZE = 500
LEASE = timedelta(seconds=30)
"""Time for which no other relay takes a batch. Publishing takes milliseconds, unless the broker blocks."""
RETRY_SECONDS = 1.0
"""Pause after the database or the broker refused a batch."""
STOP_TIMEOUT_SECONDS = 3.0
"""Time that a stopping relay has for the events of the last calls."""

log = logs.get("orders.relay")


class Relay:
    """Publishes events in batches in its own thread, and marks them as published when the broker has confirmed them.

    An unconfirmed event is sent again: an event may arrive twice, but it is never lost. Several relays share the
    outbox through its leases.

    Args:
        outbox: the events.
        signal: is notified when there are new events.
        reconciler: resends lost events.
        broker: where the events are published.
        topology: the broker's queue and its companions.
        retry_seconds: pause after the database or the broker refused a batch.
    """

    def __init__(
        self,
        outbox: Outbox,
        signal: EventSignal,
        reconciler: Reconciler,
        broker: Settings,
        topology: Topology,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._signal = signal
        self._reconciler = reconciler
        self._broker = broker
        self._topology = topology
        self._retry_seconds = retry_seconds
        self._status = BrokerStatus(broker.location)
        self._was_unroutable = False
        self._connected = False
        self._next_reconciliation_at = 0.0
        self._last_failure = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="relay", daemon=True)

    @property
    def problem(self) -> str:
        """What an operator has to change at the broker, in sentences; empty when nothing."""
        return self._status.problem

    def start(self) -> None:
        """Start the thread, whether or not the broker is available."""
        self._thread.start()

    def stop(self) -> None:
        """Publish the waiting events if the broker is available, and stop."""
        self._stopping.set()
        self._signal.notify()
        self._thread.join()

    async def _run(self) -> None:
        relaying = asyncio.ensure_future(self._keep_relaying())
        await asyncio.to_thread(self._stopping.wait)
        await asyncio.wait([relaying], timeout=STOP_TIMEOUT_SECONDS if self._connected else 0)
        relaying.cancel()
        await asyncio.wait([relaying])

    async def _keep_relaying(self) -> None:
        """Start again after an unexpected error: without a relay, orders would wait unnoticed."""
        while True:
            try:
                return await keep_connected(self._broker, self._topology, self._relay, self._status)
            except Exception:
                log.exception("relay failed")
            await asyncio.sleep(self._retry_seconds)

    async def _relay(self, channel: BrokerChannel) -> None:
        """Publish until the connection is lost, or until the relay stops and no event is left."""
        self._connected = True
        try:
            while await self._relay_batch(channel):
                pass
        finally:
            self._connected = False

    async def _relay_batch(self, channel: BrokerChannel) -> bool:
        """Publish one batch, or wait for one; return whether to continue."""
        if channel.lost.done():
            raise channel.lost.result()
        is_last = self._stopping.is_set()
        try:
            await self._reconcile(channel)
            events = await self._lease(channel)
            if events:
                await self._publish(channel, events)
            self._last_failure = ""
        except BrokerError:
            raise
        except Exception as error:  # noqa: BLE001 - the events are still in the outbox, whatever failed
            self._log_failure("batch not published", error)
            await asyncio.sleep(self._retry_seconds)
            return not is_last
        return bool(events) or not is_last

    async def _lease(self, channel: BrokerChannel) -> Sequence[LeasedEvent]:
        if self._stopping.is_set():
            return await asyncio.to_thread(self._outbox.lease, MAX_BATCH_SIZE, LEASE)
        wait = timedelta(seconds=self._reconciler.interval_seconds)
        return await self._outbox.wait_and_lease(
            MAX_BATCH_SIZE, LEASE, wait, lambda: not (channel.lost.done() or self._stopping.is_set())
        )

    async def _publish(self, channel: BrokerChannel, events: Sequence[LeasedEvent]) -> None:
        confirms = [
            channel.publish(self._topology.exchange, self._routing_key(event), _message(event)) for event in events
        ]
        results = await asyncio.gather(*confirms, return_exceptions=True)
        await self._settle([self._settlement(event, result) for event, result in zip(events, results, strict=True)])
        failures = [result for result in results if result is not None]
        unroutable = any(isinstance(failure, UnroutableError) for failure in failures)
        if unroutable and self._was_unroutable:  # the queues have been declared again in between
            self._status.report(USE, f"No queue is bound to the exchange {self._topology.exchange} for an event.")
        elif not failures:
            self._status.report(USE, "")
        self._was_unroutable = unroutable
        for failure in failures:
            if isinstance(failure, PublishRefusedError):
                log.warning("publish refused", events=len(failures), reason=str(failure))
                await self._declare(channel)  # the queue may have been deleted
                return

    async def _declare(self, channel: BrokerChannel) -> Backlog:
        """Create the queues that do not exist, and return the messages that wait in them."""
        declared = await channel.declare(self._topology)
        self._status.report(CONNECTION, " ".join(declared.problems))
        return Backlog(self._topology.first.count(declared.messages), self._topology.resent.count(declared.messages))

    def _routing_key(self, event: LeasedEvent) -> str:
        return self._topology.resent_routing_key if event.resent else self._topology.routing_key

    def _settlement(self, event: LeasedEvent, failure: BaseException | None) -> Settlement:
        if failure is None:
            return Done(event.event_id, event.lease_token)
        return Retry(event.event_id, event.lease_token, timedelta(seconds=self._retry_seconds))

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        """Settle until the database accepts it: events whose lease ends unsettled would all be sent again."""
        while True:
            try:
                return await asyncio.to_thread(self._outbox.settle, settlements)
            except Exception as error:
                if self._stopping.is_set():
                    raise
                self._log_failure("settling failed", error)
            await asyncio.sleep(self._retry_seconds)

    async def _reconcile(self, channel: BrokerChannel) -> None:
        if time.monotonic() >= self._next_reconciliation_at:
            self._next_reconciliation_at = time.monotonic() + self._reconciler.interval_seconds
            backlog = await self._declare(channel)
            await asyncio.to_thread(self._reconciler.resend_lost, backlog)

    def _log_failure(self, event: str, error: Exception) -> None:
        """Log a failure once, not at each attempt until it is over."""
        reason = str(error.__cause__ or error)
        if reason != self._last_failure:
            log.warning(event, error=type(error).__name__, reason=reason)
        self._last_failure = reason


def _message(event: LeasedEvent) -> Message:
    return Message(event.payload.encode(), event.event_id, {request_ids.HEADER: event.request_id})
