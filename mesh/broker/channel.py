"""A channel on an open connection to the broker, for asyncio, with publisher confirms."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from mesh.broker.confirms import PublisherConfirms
from mesh.broker.errors import ConnectionLostError
from mesh.broker.messages import Delivery, Message, parse_delivery


class BrokerChannel:
    """The operations on an open connection. Each raises ConnectionLostError when the connection is lost.

    Args:
        connection: the connection.
        lost: is done when the connection is lost, with the reason.
    """

    def __init__(self, connection: AsyncioConnection, lost: asyncio.Future[ConnectionLostError]) -> None:
        self._connection = connection
        self.lost = lost
        self._channel: Any = None
        self._confirms = PublisherConfirms()
        lost.add_done_callback(lambda _: self._confirms.fail(lost.result()))

    async def open_channel(self) -> None:
        """Open the channel; all other operations need it."""
        self._channel = await self._call(lambda done: self._connection.channel(on_open_callback=done))
        self._channel.add_on_close_callback(lambda _, reason: self.close(error_reason(reason)))
        self._channel.add_on_return_callback(self._confirms.on_return)
        self._channel.add_on_cancel_callback(lambda _: self.close("The queue was deleted."))
        await self._call(lambda done: self._channel.confirm_delivery(self._confirms.on_confirm, callback=done))

    async def declare_exchange(self, name: str, kind: str) -> None:
        """Create a durable exchange, unless it exists."""
        await self._call(lambda done: self._channel.exchange_declare(name, kind, durable=True, callback=done))

    async def declare_queue(self, name: str, arguments: Mapping[str, object] | None = None) -> int:
        """Create a durable queue, unless it exists, and return the number of messages in it."""
        response = await self._call(
            lambda done: self._channel.queue_declare(name, durable=True, arguments=dict(arguments or {}), callback=done)
        )
        return int(response.method.message_count)

    async def bind(self, queue: str, exchange: str, routing_key: str) -> None:
        """Route messages with this key from the exchange to the queue."""
        await self._call(lambda done: self._channel.queue_bind(queue, exchange, routing_key, callback=done))

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
        if not self.lost.done():
            self.lost.set_result(ConnectionLostError(reason))
        if not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()

    async def _call(self, send: Callable[[Callable[[Any], None]], object]) -> Any:  # noqa: ANN401 - pika's own
        """Send a request to the broker, and wait for its response or for the end of the connection."""
        response: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            send(lambda frame: None if response.done() else response.set_result(frame))
        except AMQPError as error:
            raise ConnectionLostError(error_reason(error)) from None
        await asyncio.wait({response, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        if not response.done():
            raise self.lost.result()
        return response.result()


def error_reason(error: BaseException) -> str:
    """Return what the broker or the network reported, without the errors that pika wraps it in."""
    while (cause := _wrapped(error)) is not None:
        error = cause
    return getattr(error, "reply_text", "") or str(error) or type(error).__name__


def _wrapped(error: BaseException) -> BaseException | None:
    candidates = (*getattr(error, "exceptions", ())[-1:], getattr(error, "exception", None), *error.args[:1])
    return next((each for each in candidates if isinstance(each, BaseException)), None)
