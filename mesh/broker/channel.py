"""A connection to the broker on asyncio, with one channel on which every publish is confirmed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from mesh.broker.confirms import Confirms
from mesh.broker.errors import ConnectionLostError
from mesh.broker.messages import Delivery, Message, received


class BrokerChannel:
    """What can be done on an open connection. Each method raises ConnectionLostError when it is gone.

    Args:
        connection: the connection.
        lost: done when the connection is gone, with the reason.
    """

    def __init__(self, connection: AsyncioConnection, lost: asyncio.Future[ConnectionLostError]) -> None:
        self._connection = connection
        self.lost = lost
        self._channel: Any = None
        self._confirms = Confirms()
        lost.add_done_callback(lambda _: self._confirms.fail(lost.result()))

    async def open_channel(self) -> None:
        """Makes the channel; before it nothing else works."""
        self._channel = await self._answer(lambda done: self._connection.channel(on_open_callback=done))
        self._channel.add_on_close_callback(lambda _, reason: self.close(error_reason(reason)))
        self._channel.add_on_return_callback(self._confirms.on_return)
        self._channel.add_on_cancel_callback(lambda _: self.close("The queue is gone."))
        await self._answer(lambda done: self._channel.confirm_delivery(self._confirms.on_confirm, callback=done))

    async def declare_exchange(self, name: str, kind: str) -> None:
        """Makes a durable exchange, when it is not there yet."""
        await self._answer(lambda done: self._channel.exchange_declare(name, kind, durable=True, callback=done))

    async def declare_queue(self, name: str, arguments: dict[str, object] | None = None) -> int:
        """Makes a durable queue, when it is not there yet; answers how many messages wait in it."""
        answer = await self._answer(
            lambda done: self._channel.queue_declare(name, durable=True, arguments=arguments, callback=done)
        )
        return int(answer.method.message_count)

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        """Lets messages of that key into the queue."""
        await self._answer(lambda done: self._channel.queue_bind(queue, exchange, key, callback=done))

    async def consume(self, queue: str, prefetch: int, on_delivery: Callable[[Delivery], None]) -> None:
        """Hands over messages from now on, and no more than `prefetch` that are not acknowledged; 0 for all."""

        def on_message(_: object, method: Any, properties: pika.BasicProperties, body: bytes) -> None:  # noqa: ANN401 - pika's own
            on_delivery(received(method, properties, body))

        await self._answer(lambda done: self._channel.basic_qos(prefetch_count=prefetch, callback=done))
        await self._answer(lambda done: self._channel.basic_consume(queue, on_message, callback=done))

    def publish(self, exchange: str, key: str, message: Message) -> asyncio.Future[None]:
        """Publishes; the answer comes when the broker has the message in a queue.

        It is PublishRefusedError when the broker did not take it, and ConnectionLostError when nobody knows.
        """
        message = message.with_id()
        confirmed = self._confirms.expect(message.message_id)
        try:
            self._channel.basic_publish(exchange, key, message.body, message.properties(), mandatory=True)
        except AMQPError as error:
            self.close(error_reason(error))
            self._confirms.fail(self.lost.result())
        return confirmed

    def ack(self, tag: int) -> None:
        """Says that a delivered message is dealt with; on a lost connection nothing, for it comes again."""
        if self._channel.is_open:
            self._channel.basic_ack(tag)

    def close(self, reason: str) -> None:
        """Begins to end the connection; what is not acknowledged goes back to its queue."""
        if not self.lost.done():
            self.lost.set_result(ConnectionLostError(reason))
        if not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()

    async def _answer(self, ask: Callable[[Callable[[Any], None]], object]) -> Any:  # noqa: ANN401 - pika's own
        """Asks the broker, and waits for its answer or for the end of the connection."""
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            ask(lambda answer: None if answered.done() else answered.set_result(answer))
        except AMQPError as error:
            raise ConnectionLostError(error_reason(error)) from None
        await asyncio.wait({answered, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            raise self.lost.result()
        return answered.result()


def error_reason(error: BaseException) -> str:
    """What the broker or the network said, out of all that pika wraps it in."""
    while (inner := _inner(error)) is not None:
        error = inner
    return getattr(error, "reply_text", "") or str(error) or type(error).__name__


def _inner(error: BaseException) -> BaseException | None:
    candidates = (*getattr(error, "exceptions", ())[-1:], getattr(error, "exception", None), *error.args[:1])
    return next((each for each in candidates if isinstance(each, BaseException)), None)
