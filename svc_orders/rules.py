"""Orders, and the decisions about them that need no database."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from mesh.errors import FailedPrecondition
from registry.order_statuses import PENDING

DEFAULT_PAGE_SIZE = 4
"""Orders on a page when a request has no page size."""
KEY_LIFETIME = timedelta(hours=24)
"""Time during which a repeated request with the same idempotency key returns the first order."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order before it is stored."""

    book_id: int
    user_id: int
    price: Decimal
    quantity: int
    status: str
    title: str
    authors: str
    url: str

    def stored(self, order_id: int, order_date: datetime) -> "StoredOrder":
        """Return the order with the id and the date that it is stored under."""
        return StoredOrder(
            self.book_id, self.user_id, self.price, self.quantity, self.status,
            self.title, self.authors, self.url, order_id, order_date,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredOrder(NewOrder):
    """An order as the database has it."""

    order_id: int
    order_date: datetime


@dataclass(frozen=True, slots=True)
class OrderState:
    """What an order takes from the stock, and its status."""

    order_id: int
    book_id: int
    quantity: int
    status: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The final status of an order.

    Args:
        order_id: the order.
        status: its final status.
        stock_settled: whether the order's copies are known to be taken, or none are when it fails.
    """

    order_id: int
    status: str
    stock_settled: bool


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An idempotency key, and the fingerprint of the request that it was sent with."""

    text: str
    request_sha256: str


def pending_key(user_id: int, book_id: int) -> str:
    """Return the value that is unique among pending orders, so that a user has only one per book."""
    return f"{user_id}:{book_id}"


def request_fingerprint(book_id: int, quantity: int, expected_price: str) -> str:
    """Return the SHA-256 of what all requests with the same idempotency key must have in common."""
    return hashlib.sha256(f"{book_id}|{quantity}|{expected_price}".encode()).hexdigest()


def check_price(expected: str, actual: str) -> None:
    """Accept the price that the user saw. An empty one accepts every price.

    Raises:
        FailedPrecondition: the catalogue has another price.
    """
    if expected and Decimal(expected) != Decimal(actual):
        raise FailedPrecondition("The price has changed.", "PRICE_CHANGED", metadata={"price": actual})


def check_stock(requested: int, available: int) -> None:
    """Accept a quantity that is in stock now. The worker checks again when it takes the copies.

    Raises:
        FailedPrecondition: fewer copies are available.
    """
    if requested > available:
        message = f"Only {available} left in stock."
        raise FailedPrecondition(message, "OUT_OF_STOCK", metadata={"left": str(available)})


def check_transition(order_id: int, current: str, requested: str) -> None:
    """Accept the final status that the order already has.

    Raises:
        FailedPrecondition: the order has another status.
    """
    if current != requested:
        message = f"Order {order_id} has already ended as {current}."
        raise FailedPrecondition(message, "ORDER_ENDED", metadata={"status": current})


def is_pending(order: NewOrder | OrderState) -> bool:
    """Return whether the order still has to be processed."""
    return order.status == PENDING
