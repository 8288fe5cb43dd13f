"""Events from a queue of RabbitMQ."""

import asyncio
import functools
from datetime import UTC, datetime

from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import logs
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import BrokerError
from mesh.broker.messages import ATTEMPT_HEADER, Delivery, Message
from mesh.broker.publisher import Publisher
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology, WorkQueue
from registry.order_messages import MalformedMessageError, parse_order_message
from worker.dead_letters.letter import mark_dead
from worker.handler import Outcome, Result
from worker.sources.base import EventHandler

log = logs.get("worker.rabbitmq")


class RabbitMQSource:
    """Consumes the queues of a topology and acknowledges a message only after its order is settled.

    A message to retry and a dead letter are published to their own queues before the original is acknowledged.
    Rejecting the original instead would drop it on every broker without a dead-letter policy, and could record
    neither the reason nor the attempt. While the broker accepts no messages, the source repeats an order itself.

    Args:
        settings: the broker.
        topology: the queues.
        concurrency: maximum number of orders in work at the same time.
    """

    def __init__(self, settings: Settings, topology: Topology, concurrency: int) -> None:
        self._settings = settings
        self._topology = topology
        self._concurrency = concurrency
        self._publisher = Publisher(settings, topology)
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
        await self._publisher.close()
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
        """Handle a message, again after a delay if the broker does not store its result, and acknowledge it."""
        message = delivery.message
        try:
            while not await self._settle(queue, message, await _handle(handle, message)):
                await asyncio.sleep(queue.retry_delay_seconds(message.attempt()))
                message = _next_attempt(message)
            channel.ack(delivery.tag)
        except Exception:
            log.exception("settling failed", message_id=message.message_id)

    async def _settle(self, queue: WorkQueue, message: Message, result: Result) -> bool:
        """Publish a message to retry or a dead letter; return whether the original can be acknowledged."""
        try:
            if result.outcome is Outcome.RETRY:
                key = queue.retry_key(message.attempt())
                await self._publisher.publish(queue.retry_exchange, key, _next_attempt(message))
            elif result.outcome is Outcome.REJECT:
                letter = mark_dead(message, result.reason, datetime.now(UTC))
                await self._publisher.publish(self._topology.dead_exchange, self._topology.routing_key, letter)
        except BrokerError:
            return False
        return True


async def _handle(handle: EventHandler, message: Message) -> Result:
    try:
        return await handle(parse_event(message))
    except MalformedMessageError as error:
        log.warning("malformed message", message_id=message.message_id, reason=str(error))
        return Result(Outcome.REJECT, str(error))
    except Exception as error:
        log.exception("handler failed", message_id=message.message_id)
        return Result(Outcome.RETRY, type(error).__name__)


def _next_attempt(message: Message) -> Message:
    return message.with_headers({ATTEMPT_HEADER: message.attempt() + 1})


def parse_event(message: Message) -> OrderEvent:
    """Return the event in a message and its headers.

    Raises:
        MalformedMessageError: the body is not an order.
    """
    return parse_order_message(
        message.body, event_id=message.message_id, request_id=message.request_id(), attempt=message.attempt()
    )
