"""Messages, as they are published and as they are delivered."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pika
from pika.spec import Basic

from mesh import request_ids

Header: TypeAlias = object
"""AMQP has numbers, texts, timestamps, lists and tables."""
ATTEMPT_HEADER = "x-attempt"
MAX_ATTEMPT = 2**31 - 2
BROKER_HEADER_PREFIXES = ("x-death", "x-first-death-", "x-last-death-")
"""Headers in which the broker records what happened to a message."""


@dataclass(frozen=True)
class Message:
    """A message; it is persistent when it is published.

    Args:
        body: its content.
        message_id: its id; a new one is created when it is empty.
        headers: its headers.
        content_type: the media type of the body.
    """

    body: bytes
    message_id: str = ""
    headers: Mapping[str, Header] = field(default_factory=dict)
    content_type: str = "application/json"

    def with_id(self) -> "Message":
        """Return the message itself, or a copy with a new id when it has none."""
        return self if self.message_id else replace(self, message_id=str(uuid.uuid4()))

    def without_headers(self, *prefixes: str) -> "Message":
        """Return a copy without the headers that begin so, and without those of the broker."""
        removed = (*BROKER_HEADER_PREFIXES, *prefixes)
        # `str`: pika leaves a name as bytes when it is not UTF-8.
        kept = {key: value for key, value in self.headers.items() if not str(key).startswith(removed)}
        return replace(self, headers=kept)

    def with_headers(self, headers: Mapping[str, Header]) -> "Message":
        """Return a copy with further headers, and without those of the broker."""
        return replace(self, headers={**self.without_headers().headers, **headers})

    def request_id(self) -> str:
        """Return the id of the request that caused the message; empty when it has none."""
        value = self.headers.get(request_ids.HEADER)
        return value if isinstance(value, str) else ""

    def attempt(self) -> int:
        """Return the number of earlier deliveries."""
        value = self.headers.get(ATTEMPT_HEADER)
        return value if isinstance(value, int) and 0 <= value <= MAX_ATTEMPT else 0

    def properties(self) -> pika.BasicProperties:
        """Return the AMQP properties of the message."""
        return pika.BasicProperties(
            content_type=self.content_type,
            delivery_mode=2,
            message_id=self.message_id,
            headers=dict(self.headers),
        )


@dataclass(frozen=True)
class Delivery:
    """A delivered message.

    Args:
        tag: acknowledges the message.
        message: the message.
    """

    tag: int
    message: Message


def parse_delivery(method: Basic.Deliver | Basic.GetOk, properties: pika.BasicProperties, body: bytes) -> Delivery:
    """Return the delivery in the arguments of a pika callback."""
    message = Message(
        body,
        message_id=_text(properties.message_id) or "",
        headers=properties.headers or {},
        content_type=_text(properties.content_type) or "application/json",
    )
    return Delivery(method.delivery_tag, message)


def _text(value: object) -> str | None:
    """Return a property that is text; pika returns bytes for one that is not valid UTF-8."""
    return value if isinstance(value, str) else None
