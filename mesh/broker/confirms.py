"""Publisher confirms: matches the broker's confirmations with the messages that were published."""

import asyncio
from typing import Any

import pika
from pika.spec import Basic

from mesh.broker.errors import BrokerError, PublishRefusedError, UnroutableError


class PublisherConfirms:
    """The unconfirmed messages of one channel, by their sequence numbers."""

    def __init__(self) -> None:
        self._last_number = 0
        self._unconfirmed: dict[int, tuple[str, asyncio.Future[None]]] = {}
        self._returned: set[str] = set()

    def expect(self, message_id: str) -> asyncio.Future[None]:
        """Return the result of the message that is published next."""
        self._last_number += 1
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unconfirmed[self._last_number] = message_id, result
        return result

    def on_return(self, _: object, __: object, properties: pika.BasicProperties, ___: bytes) -> None:
        """Record that no queue took a message; the broker confirms it nevertheless, after this."""
        self._returned.add(properties.message_id or "")

    def on_confirm(self, frame: Any) -> None:  # noqa: ANN401 - pika's own
        """Settle a message, and with `multiple` also all before it."""
        method: Basic.Ack | Basic.Nack = frame.method
        accepted = isinstance(method, Basic.Ack)
        numbers = [method.delivery_tag]
        if method.multiple:
            numbers = [number for number in self._unconfirmed if number <= method.delivery_tag]
        for number in numbers:
            self._settle(number, accepted=accepted)

    def fail(self, error: BrokerError) -> None:
        """Fail all unconfirmed messages: their results will never be known."""
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for _, result in unconfirmed.values():
            if not result.done():
                result.set_exception(error)

    def _settle(self, number: int, *, accepted: bool) -> None:
        message_id, result = self._unconfirmed.pop(number, ("", None))
        returned = message_id in self._returned
        self._returned.discard(message_id)
        if result is None or result.done():
            return
        if returned:
            result.set_exception(UnroutableError("There is no queue for the message."))
        elif not accepted:
            result.set_exception(PublishRefusedError("There is no room for the message."))
        else:
            result.set_result(None)
