"""Carries events from the outbox to the broker."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from database.engine import AnyRow
from mesh import logs, request_ids
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import BrokerError, PublishRefusedError
from mesh.broker.messages import Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology
from svc_orders.outbox import Bell, Outbox, Retry
from svc_orders.reconcile import Reconciler

BATCH = 500
"""Events published at once."""
LEASE = timedelta(seconds=30)
"""How long another relay leaves a batch alone. It takes milliseconds, but for a broker that blocks."""
PAUSE = 1.0
"""Seconds before the next try, after the database or the broker refused one."""
LAST_WORDS = 3.0
"""Seconds that the relay gets at the end, for events of the calls that ended last."""

log = logs.get("orders.relay")


class Relay:
    """Publishes events in batches, in a thread of its own; marks them when the broker has confirmed them.

    What is not confirmed is sent again: an event may arrive twice, but never not at all. Several relays share the
    outbox by its leases.

    Args:
        outbox: the events.
        bell: rung when there are new ones.
        reconciler: looks for orders whose event was lost.
        broker: where the events go.
        topology: the broker's queue and its companions.
    """

    def __init__(
        self, outbox: Outbox, bell: Bell, reconciler: Reconciler, broker: Settings, topology: Topology
    ) -> None:
        self._outbox = outbox
        self._bell = bell
        self._reconciler = reconciler
        self._broker = broker
        self._topology = topology
        self._linked = False
        self._look_at = 0.0
        self._told = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="relay", daemon=True)

    def start(self) -> None:
        """Begins, whether the broker is there or not."""
        self._thread.start()

    def stop(self) -> None:
        """Sends what is there, if the broker takes it, and ends."""
        self._stopping.set()
        self._bell.ring()
        self._thread.join()

    async def _run(self) -> None:
        relaying = asyncio.ensure_future(self._keep_relaying())
        await asyncio.to_thread(self._stopping.wait)
        await asyncio.wait([relaying], timeout=LAST_WORDS if self._linked else 0)
        relaying.cancel()
        await asyncio.wait([relaying])

    async def _keep_relaying(self) -> None:
        """Begins again after whatever nobody thought of: without the relay, orders would wait and nobody would know."""
        while True:
            try:
                return await keep_connected(self._broker, self._topology, self._relay)
            except Exception:
                log.exception("error")
            await asyncio.sleep(PAUSE)

    async def _relay(self, link: BrokerChannel) -> None:
        """Works until the connection is lost, or until it is to stop and nothing is left."""
        self._linked = True
        try:
            while await self._step(link):
                pass
        finally:
            self._linked = False

    async def _step(self, link: BrokerChannel) -> bool:
        """Sends one batch, or waits for one; answers whether there is more to do."""
        if link.lost.done():
            raise link.lost.result()
        last = self._stopping.is_set()
        try:
            await self._reconcile(link)
            events = await asyncio.to_thread(self._lease, link)
            if events:
                await self._send(link, events)
            self._told = ""
        except BrokerError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the events are still there: orders go out later
            self._warn("events wait", error)
            await asyncio.sleep(PAUSE)
            return not last
        return bool(events) or not last

    def _lease(self, link: BrokerChannel) -> Sequence[AnyRow]:
        if self._stopping.is_set():
            return self._outbox.lease(BATCH, LEASE)
        wait = timedelta(seconds=self._reconciler.every)
        return self._outbox.wait_and_lease(
            BATCH, LEASE, wait, lambda: not (link.lost.done() or self._stopping.is_set())
        )

    async def _send(self, link: BrokerChannel, events: Sequence[AnyRow]) -> None:
        exchange, key = self._topology.exchange, self._topology.routing_key
        confirms = [link.publish(exchange, key, _message(event)) for event in events]
        answers = await asyncio.gather(*confirms, return_exceptions=True)
        done = [event.event_id for event, answer in zip(events, answers, strict=True) if answer is None]
        failed = {event.event_id: answer for event, answer in zip(events, answers, strict=True) if answer is not None}
        retries = [Retry(event_id, timedelta(seconds=PAUSE)) for event_id in failed]
        await self._settle(done, retries)
        for error in failed.values():
            if isinstance(error, PublishRefusedError):
                log.warning("refused", events=len(failed), reason=str(error))
                await self._topology.declare(link)  # somebody may have deleted the queue
                return

    async def _settle(self, done: Sequence[str], retries: Sequence[Retry]) -> None:
        """Writes it down as soon as the database takes it: when the leases end, all would be sent again."""
        while True:
            try:
                return await asyncio.to_thread(self._outbox.settle, done, retries, ())
            except Exception as error:
                if self._stopping.is_set():
                    raise
                self._warn("not marked", error)
            await asyncio.sleep(PAUSE)

    async def _reconcile(self, link: BrokerChannel) -> None:
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._reconciler.every
            queued = await link.declare_queue(self._topology.queue)
            await asyncio.to_thread(self._reconciler.resend, queued)

    def _warn(self, event: str, error: Exception) -> None:
        """Says it once, not each second until it is over."""
        reason = str(error.__cause__ or error)
        if reason != self._told:
            log.warning(event, error=type(error).__name__, reason=reason)
        self._told = reason


def _message(event: AnyRow) -> Message:
    return Message(event.payload.encode(), event.event_id, {request_ids.HEADER: event.request_id})
