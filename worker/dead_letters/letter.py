"""What a dead letter records in addition to its message: the reason and the time."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from mesh.broker.messages import ATTEMPT_HEADER, Message

REASON_HEADER, DEAD_SINCE_HEADER = "x-reason", "x-set-aside"
GENERATED_ID_LENGTH = 16


def mark_dead(message: Message, reason: str, now: datetime) -> Message:
    """Return a copy of the message with the reason and the time in its headers."""
    return message.with_headers({REASON_HEADER: reason, DEAD_SINCE_HEADER: now.isoformat(timespec="seconds")})


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message from the queue of dead letters.

    Args:
        message: the message.
    """

    message: Message

    @property
    def letter_id(self) -> str:
        """The message's id, or the start of its body's SHA-256, which stays the same, when it has none."""
        return self.message.message_id or hashlib.sha256(self.message.body).hexdigest()[:GENERATED_ID_LENGTH]

    @property
    def order_id(self) -> str:
        """Id of the order, or `-` when the body does not contain one."""
        try:
            return str(orjson.loads(self.message.body)["order_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return "-"

    @property
    def reason(self) -> str:
        """Why the message is dead, as the worker or the broker recorded it."""
        return str(self.message.headers.get(REASON_HEADER) or self._broker_record().get("reason") or "-")

    @property
    def dead_since(self) -> str:
        """Time when the message became a dead letter, in ISO 8601 format."""
        time = self._broker_record().get("time")
        recorded = time.isoformat() if isinstance(time, datetime) else "-"
        return str(self.message.headers.get(DEAD_SINCE_HEADER) or recorded)

    def revived(self) -> Message:
        """Return the message as it was published first: without the reason, the time and the attempt."""
        return self.message.without_headers(REASON_HEADER, DEAD_SINCE_HEADER, ATTEMPT_HEADER)

    def as_dict(self) -> dict[str, object]:
        """Return everything that is known about the letter."""
        return {
            "id": self.letter_id,
            "order_id": self.order_id,
            "reason": self.reason,
            "set_aside": self.dead_since,
            "content_type": self.message.content_type,
            "headers": self.message.headers,
            "body": self.message.body.decode(errors="backslashreplace"),
        }

    def _broker_record(self) -> Mapping[str, Any]:
        """Return what the broker recorded when another consumer rejected the message."""
        deaths = self.message.headers.get("x-death")
        first = deaths[0] if isinstance(deaths, list) and deaths else None
        return first if isinstance(first, dict) else {}  # any client may have written the header
