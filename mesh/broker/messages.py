"""Messages as they go out and as they come in."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pika
from pika.spec import Basic

Header: TypeAlias = object
"""AMQP knows numbers, texts, moments, lists and tables."""
REQUEST_ID, ATTEMPT = "x-request-id", "x-attempt"
OF_THE_BROKER = ("x-death", "x-first-death-", "x-last-death-")
"""Headers that the broker writes about what happened to a message."""


@dataclass(frozen=True)
class Message:
    """A message, persistent once it is published.

    Args:
        body: what it says.
        message_id: its name; a new one when it has none.
        headers: what is said about it.
        content_type: what the body is.
    """

    body: bytes
    message_id: str = ""
    headers: Mapping[str, Header] = field(default_factory=dict)
    content_type: str = "application/json"

    def with_id(self) -> "Message":
        """The message itself, or a copy with a name when it has none."""
        return self if self.message_id else replace(self, message_id=str(uuid.uuid4()))

    def without(self, *names: str) -> "Message":
        """A copy without those headers and without what the broker wrote on it."""
        kept = {key: value for key, value in self.headers.items() if not str(key).startswith((*OF_THE_BROKER, *names))}
        return replace(self, headers=kept)

    def with_headers(self, headers: Mapping[str, Header]) -> "Message":
        """A copy without what the broker wrote on it, and with further headers."""
        return replace(self, headers={**self.without().headers, **headers})

    def request_id(self) -> str:
        """Id of the request that it comes from; empty when it says none."""
        value = self.headers.get(REQUEST_ID)
        return value if isinstance(value, str) else ""

    def attempt(self) -> int:
        """How often it came back before."""
        value = self.headers.get(ATTEMPT)
        return value if isinstance(value, int) and 0 <= value < 2**31 - 1 else 0

    def properties(self) -> pika.BasicProperties:
        """Its properties on the wire."""
        return pika.BasicProperties(
            content_type=self.content_type,
            delivery_mode=2,
            message_id=self.message_id,
            headers=dict(self.headers),
        )


@dataclass(frozen=True)
class Delivery:
    """A message that came in, and the tag to acknowledge it by."""

    tag: int
    message: Message


def received(method: Basic.Deliver | Basic.GetOk, properties: pika.BasicProperties, body: bytes) -> Delivery:
    """What pika hands over."""
    message = Message(
        body,
        message_id=_text(properties.message_id) or "",
        headers=properties.headers or {},
        content_type=_text(properties.content_type) or "application/json",
    )
    return Delivery(method.delivery_tag, message)


def _text(value: object) -> str | None:
    """A property that is text; pika leaves bytes where the sender wrote none."""
    return value if isinstance(value, str) else None
