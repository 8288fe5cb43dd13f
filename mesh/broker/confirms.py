"""Keeps an eye on published messages until the broker says what became of each."""

import asyncio
from typing import Any

import pika
from pika.spec import Basic

from mesh.broker.errors import BrokerError, PublishRefusedError


class Confirms:
    """The messages of one channel that are on their way, by their numbers."""

    def __init__(self) -> None:
        self._last = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[None]]] = {}
        self._returned: set[str] = set()

    def expect(self, message_id: str) -> asyncio.Future[None]:
        """What becomes of the message that is published next."""
        self._last += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = message_id, future
        return future

    def on_return(self, _: object, __: object, properties: pika.BasicProperties, ___: bytes) -> None:
        """No queue wanted a message; the broker confirms it nevertheless, after this."""
        self._returned.add(properties.message_id or "")

    def on_confirm(self, frame: Any) -> None:  # noqa: ANN401 - pika's own
        """The broker has taken a message, or has not; with `multiple` also all before it."""
        method: Basic.Ack | Basic.Nack = frame.method
        taken = isinstance(method, Basic.Ack)
        numbers = [method.delivery_tag]
        if method.multiple:  # the numbers rise as they were put in
            numbers = [number for number in self._waiting if number <= method.delivery_tag]
        for number in numbers:
            self._settle(number, taken=taken)

    def fail(self, error: BrokerError) -> None:
        """Nobody will ever say what became of those that are left."""
        waiting, self._waiting = self._waiting, {}
        for _, future in waiting.values():
            if not future.done():
                future.set_exception(error)

    def _settle(self, number: int, *, taken: bool) -> None:
        message_id, future = self._waiting.pop(number, ("", None))
        returned = message_id in self._returned
        self._returned.discard(message_id)
        if future is None or future.done():
            return
        if taken and not returned:
            future.set_result(None)
        else:
            future.set_exception(
                PublishRefusedError("There is no queue for it." if returned else "There is no room for it.")
            )
