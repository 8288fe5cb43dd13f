"""Events from a queue of RabbitMQ."""

import asyncio
import functools
from datetime import UTC, datetime

from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import logs
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import ConnectionLostError, PublishRefusedError
from mesh.broker.messages import ATTEMPT_HEADER, Delivery, Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology, WorkQueue
from registry.order_messages import MalformedMessageError, parse_order_message
from worker.dead_letters.letter import mark_dead
from worker.handler import Outcome, Result
from worker.sources.base import EventHandler

PUBLISH_RETRY_SECONDS = 1.0
"""Pause before a message that the broker refused is published again."""

log = logs.get("worker.rabbitmq")


class RabbitMQSource:
    """Consumes the queues of a topology and acknowledges a message only after its order is settled.

    A message to retry and a dead letter are published to their own queues before the original is acknowledged.
    Rejecting the original instead would drop it on every broker without a dead-letter policy, and could record
    neither the reason nor the attempt.

    Args:
        settings: the broker.
        topology: the queues.
        concurrency: maximum number of orders in work at the same time.
        publish_retry_seconds: pause before a message that the broker refused is published again.
    """

    def __init__(
        self,
        settings: Settings,
        topology: Topology,
        concurrency: int,
        publish_retry_seconds: float = PUBLISH_RETRY_SECONDS,
    ) -> None:
        self._settings = settings
        self._topology = topology
        self._concurrency = concurrency
        self._publish_retry_seconds = publish_retry_seconds
        self._stopping = asyncio.Event()
        self._consuming = False

    def stop(self) -> None:
        """Take no more events and let `run` return."""
        self._stopping.set()

    def connected(self) -> bool:
        """Return whether the broker delivers messages at the moment."""
        return self._consuming

    async def run(self, handle: EventHandler) -> None:
        """Hand over events until `stop`; unfinished ones return to the queue when the connection closes."""
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

    async def _consume(self, handle: EventHandler, channel: BrokerChannel) -> None:
        """Consume until the connection is lost; the broker then delivers all unacknowledged messages again."""
        running: set[asyncio.Task[None]] = set()
        places = asyncio.Semaphore(self._concurrency)  # the broker limits unacknowledged messages per queue only

        async def process(queue: WorkQueue, delivery: Delivery) -> None:
            async with places:
                await self._process(handle, channel, queue, delivery)

        def on_delivery(queue: WorkQueue, delivery: Delivery) -> None:
            if channel.lost.done():
                return
            task = asyncio.ensure_future(process(queue, delivery))
            running.add(task)
            task.add_done_callback(running.discard)

        try:
            for queue in self._topology.work_queues:
                await channel.consume(queue.name, self._concurrency, functools.partial(on_delivery, queue))
            self._consuming = True
            await asyncio.wait([channel.lost])
            raise channel.lost.result()
        finally:
            self._consuming = False
            channel.close("closed")
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _process(
        self, handle: EventHandler, channel: BrokerChannel, queue: WorkQueue, delivery: Delivery
    ) -> None:
        message_id = delivery.message.message_id
        try:
            result = await handle(parse_event(delivery.message))
        except MalformedMessageError as error:
            log.warning("malformed message", message_id=message_id, reason=str(error))
            result = Result(Outcome.REJECT, str(error))
        except Exception as error:
            log.exception("handler failed", message_id=message_id)
            result = Result(Outcome.RETRY, type(error).__name__)
        try:
            await self._settle(channel, queue, delivery, result)
        except ConnectionLostError:
            return  # the broker delivers the message again
        except Exception:
            log.exception("settling failed", message_id=message_id)

    async def _settle(self, channel: BrokerChannel, queue: WorkQueue, delivery: Delivery, result: Result) -> None:
        attempt = delivery.message.attempt()
        if result.outcome is Outcome.RETRY:
            retried = delivery.message.with_headers({ATTEMPT_HEADER: attempt + 1})
            await self._publish(channel, queue.retry_exchange, queue.retry_key(attempt), retried)
        elif result.outcome is Outcome.REJECT:
            letter = mark_dead(delivery.message, result.reason, datetime.now(UTC))
            await self._publish(channel, self._topology.dead_exchange, self._topology.routing_key, letter)
        channel.ack(delivery.tag)

    async def _publish(self, channel: BrokerChannel, exchange: str, key: str, message: Message) -> None:
        """Publish until the broker confirms; until then the original stays unacknowledged in its queue."""
        while True:
            try:
                return await channel.publish(exchange, key, message)
            except PublishRefusedError as error:
                log.warning("publish refused", exchange=exchange, reason=str(error))
            await asyncio.sleep(self._publish_retry_seconds)
            await self._topology.declare(channel)


def parse_event(message: Message) -> OrderEvent:
    """Return the event in a message and its headers.

    Raises:
        MalformedMessageError: the body is not an order.
    """
    return parse_order_message(
        message.body, event_id=message.message_id, request_id=message.request_id(), attempt=message.attempt()
    )
