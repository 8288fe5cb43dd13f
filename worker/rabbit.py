"""Events from RabbitMQ."""

import asyncio
import functools
from datetime import UTC, datetime

from mesh import logs
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import ConnectionLostError, PublishRefusedError
from mesh.broker.messages import ATTEMPT_HEADER, Delivery, Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology
from worker.handler import Outcome, Result
from worker.queue import REASON, SET_ASIDE, Malformed, read
from worker.source import Handle

PAUSE = 1.0
"""Seconds before the broker is asked again to take a message that it refused."""

log = logs.get("worker.rabbit")


class RabbitSource:
    """Consumes the queue; a message is acknowledged when nothing more depends on it.

    What waits for another try and what is set aside is published to its own queue first: rejecting a message would
    drop it wherever nobody has set the policy that keeps it, and would say neither why nor how often.

    Args:
        settings: the broker.
        topology: the queue and its companions.
        concurrency: orders worked on at the same time.
    """

    def __init__(self, settings: Settings, topology: Topology, concurrency: int) -> None:
        self._settings = settings
        self._topology = topology
        self._concurrency = concurrency
        self._stopping = asyncio.Event()
        self._consuming = False

    def stop(self) -> None:
        """Takes no more events."""
        self._stopping.set()

    def connected(self) -> bool:
        """Whether the broker hands messages over."""
        return self._consuming

    async def run(self, handle: Handle) -> None:
        """Hands over events until `stop`; what is not finished then goes back to the queue with the connection."""
        consuming = asyncio.ensure_future(
            keep_connected(self._settings, self._topology, functools.partial(self._consume, handle))
        )
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([consuming, stopping], return_when=asyncio.FIRST_COMPLETED)
        consuming.cancel()
        stopping.cancel()
        await asyncio.wait([consuming])
        if not consuming.cancelled():
            consuming.result()

    async def _consume(self, handle: Handle, link: BrokerChannel) -> None:
        """Works until the connection is lost. What was in work then comes again: nobody could acknowledge it."""
        running: set[asyncio.Task[None]] = set()

        def on_delivery(delivery: Delivery) -> None:
            if link.lost.done():
                return
            task = asyncio.ensure_future(self._work(handle, link, delivery))
            running.add(task)
            task.add_done_callback(running.discard)

        try:
            await link.consume(self._topology.queue, self._concurrency, on_delivery)
            self._consuming = True
            await asyncio.wait([link.lost])
            raise link.lost.result()
        finally:
            self._consuming = False
            link.close("closed")
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _work(self, handle: Handle, link: BrokerChannel, delivery: Delivery) -> None:
        try:
            event = read(delivery.message)
            if isinstance(event, Malformed):
                log.warning("malformed", message_id=delivery.message.message_id, reason=event.reason)
                result = Result(Outcome.REJECT, event.reason)
            else:
                result = await handle(event)
        except Exception as error:
            log.exception("error", message_id=delivery.message.message_id)
            result = Result(Outcome.RETRY, type(error).__name__)
        try:
            await self._settle(link, delivery, result)
        except ConnectionLostError:
            return  # the message comes again
        except Exception:
            log.exception("not settled", message_id=delivery.message.message_id)

    async def _settle(self, link: BrokerChannel, delivery: Delivery, result: Result) -> None:
        attempt = delivery.message.attempt()
        if result.outcome is Outcome.RETRY:
            again = delivery.message.with_headers({ATTEMPT_HEADER: attempt + 1})
            await self._publish(link, self._topology.retry_exchange, self._topology.retry_key(attempt), again)
        elif result.outcome is Outcome.REJECT:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            dead = delivery.message.with_headers({REASON: result.reason, SET_ASIDE: now})
            await self._publish(link, self._topology.dead_exchange, self._topology.routing_key, dead)
        link.ack(delivery.tag)

    async def _publish(self, link: BrokerChannel, exchange: str, key: str, message: Message) -> None:
        """Publishes however often it takes; until then the message stays where it came from."""
        while True:
            try:
                return await link.publish(exchange, key, message)
            except PublishRefusedError as error:
                log.warning("refused", exchange=exchange, reason=str(error))
            await asyncio.sleep(PAUSE)
            await self._topology.declare(link)
