"""A channel on an open connection to the broker, for asyncio, with publisher confirms."""

import asyncio
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from mesh.broker.confirms import PublisherConfirms
from mesh.broker.declarations import Declarations, Declared, wait_for_response
from mesh.broker.errors import ConnectionLostError, MisconfiguredError, error_reason, reply_of
from mesh.broker.messages import Delivery, Message, parse_delivery
from mesh.broker.topology import Topology

REFUSALS = {403, 405}
"""Reply codes of AMQP for a request that the account may not make, or that the queue's exclusive owner forbids."""


class BrokerChannel:
    """The operations on an open connection. Each raises ConnectionLostError when the connection is lost.

    Args:
        connection: the connection.
        lost: is done when the connection is lost, with the reason.

    Attributes:
        blocked: is set while the broker reads no more messages from the connection.
    """

    def __init__(self, connection: AsyncioConnection, lost: asyncio.Future[ConnectionLostError]) -> None:
        self._connection = connection
        self.lost = lost
        self.blocked = asyncio.Event()
        self._channel: Any = None
        self._confirms = PublisherConfirms()
        self._declarations = Declarations(connection, lost)
        lost.add_done_callback(lambda _: self._confirms.fail(lost.result()))

    async def open_channel(self) -> None:
        """Open the channel; all other operations need it."""
        self._channel = await self._call(lambda done: self._connection.channel(on_open_callback=done))
        self._channel.add_on_close_callback(lambda _, reason: self._close(_close_error(reason)))
        self._channel.add_on_return_callback(self._confirms.on_return)
        self._channel.add_on_cancel_callback(lambda _: self.close("The queue was deleted."))
        await self._call(lambda done: self._channel.confirm_delivery(self._confirms.on_confirm, callback=done))

    async def declare(self, topology: Topology) -> Declared:
        """Create the exchanges and queues that do not exist, and return the state of the topology."""
        return await self._declarations.declare(topology)

    async def count_messages(self, queue: str) -> int:
        """Return the number of messages in an existing queue that wait for consumers."""
        response = await self._call(lambda done: self._channel.queue_declare(queue, passive=True, callback=done))
        return int(response.method.message_count)

    async def consume(self, queue: str, prefetch: int, on_delivery: Callable[[Delivery], None]) -> None:
        """Deliver messages from now on, with at most `prefetch` unacknowledged; 0 for no limit."""

        def on_message(_: object, method: Any, properties: pika.BasicProperties, body: bytes) -> None:  # noqa: ANN401 - pika's own
            on_delivery(parse_delivery(method, properties, body))

        await self._call(lambda done: self._channel.basic_qos(prefetch_count=prefetch, callback=done))
        await self._call(lambda done: self._channel.basic_consume(queue, on_message, callback=done))

    def publish(self, exchange: str, routing_key: str, message: Message) -> asyncio.Future[None]:
        """Publish a message, and return a future that is done when the broker has stored it in a queue.

        The future raises PublishRefusedError when the broker did not accept the message, and ConnectionLostError when
        the result is unknown.
        """
        message = message.with_id()
        result = self._confirms.expect(message.message_id)
        try:
            self._channel.basic_publish(exchange, routing_key, message.body, message.properties(), mandatory=True)
        except AMQPError as error:
            self.close(error_reason(error))
            self._confirms.fail(self.lost.result())
        return result

    def ack(self, tag: int) -> None:
        """Acknowledge a message; do nothing on a lost connection, because the message is delivered again."""
        if self._channel.is_open:
            self._channel.basic_ack(tag)

    def close(self, reason: str) -> None:
        """Begin to close the connection; unacknowledged messages return to their queues."""
        self._close(ConnectionLostError(reason))

    def _close(self, error: ConnectionLostError) -> None:
        if not self.lost.done():
            self.lost.set_result(error)
        if not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()

    async def _call(self, send: Callable[[Callable[[Any], None]], object]) -> Any:  # noqa: ANN401 - pika's own
        return await wait_for_response(self._connection, send, self.lost)


def _close_error(reason: BaseException) -> ConnectionLostError:
    """Return the error for a channel that the broker closed."""
    code, text = reply_of(reason)
    return (MisconfiguredError if code in REFUSALS else ConnectionLostError)(text)
