"""Pure decisions about orders."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from mesh.errors import FailedPrecondition

PENDING, COMPLETED, FAILED = "pending", "completed", "failed"
DEFAULT_PAGE_SIZE = 4
"""Orders on a page when a request has no page size."""
KEY_LIFETIME = timedelta(hours=24)
"""How long an idempotency key answers its order."""


@dataclass(frozen=True)
class NewOrder:
    """An order that is about to be stored."""

    book_id: int
    user_id: int
    price: Decimal
    quantity: int
    status: str
    title: str
    authors: str
    url: str

    def pending_key(self) -> str | None:
        """What may exist once among all orders; None for one that has ended."""
        return f"{self.user_id}:{self.book_id}" if self.status == PENDING else None


@dataclass(frozen=True)
class StoredOrder(NewOrder):
    """An order that was just stored: what its row in the database would say."""

    order_id: int
    order_date: datetime


class End(NamedTuple):
    """How an order ends."""

    order_id: int
    status: str


@dataclass(frozen=True)
class Key:
    """An idempotency key and the request that it was sent with."""

    text: str
    request_sha256: str


def fingerprint(book_id: int, quantity: int, expected_price: str) -> str:
    """What two requests with the same key must share."""
    return hashlib.sha256(f"{book_id}|{quantity}|{expected_price}".encode()).hexdigest()


def check_price(expected: str, actual: str) -> None:
    """Accepts the price that the buyer saw; an empty one means that the buyer takes any.

    Raises:
        FailedPrecondition: when the catalogue has another.
    """
    if expected and Decimal(expected) != Decimal(actual):
        raise FailedPrecondition("The price has changed.", "PRICE_CHANGED", metadata={"price": actual})


def check_stock(wanted: int, left: int) -> None:
    """Accepts a quantity that is there now; the worker has the last word.

    Raises:
        FailedPrecondition: when fewer copies are left.
    """
    if wanted > left:
        message = f"Only {left} left in stock."
        raise FailedPrecondition(message, "OUT_OF_STOCK", metadata={"left": str(left)})


def check_transition(order_id: int, current: str, wanted: str) -> None:
    """Accepts an end state that the order already has.

    Raises:
        FailedPrecondition: when it ended otherwise.
    """
    if current != wanted:
        message = f"Order {order_id} has already ended as {current}."
        raise FailedPrecondition(message, "ORDER_ENDED", metadata={"status": current})
