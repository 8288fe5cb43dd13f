"""The message of a placed order and its names at the broker, defined once for svc_orders and the worker.

The orders service writes the message and the worker reads it. Services may not import each other, and the mesh kit
knows no bookstore, so the definition that both need is here.
"""

from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Protocol

import orjson
from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import request_ids
from mesh.broker.topology import Topology

ORDER_TOPOLOGY = Topology(
    exchange="orders", queue="order_queue", routing_key="order.new", resent_routing_key="order.resent"
)
"""The names at the broker; the REST contract fixes all but the key of messages that are sent again."""
MAX_BODY_BYTES = 128 * 1024
"""Limit of a body, which exceeds what the columns of an order hold. A worker keeps the bodies of all orders in work:
400 bodies of 1 MB took 350 MB, more than its container may use."""
_ALLOWED = {"order_id": range(1, 2**63), "book_id": range(1, 2**63), "quantity": range(1, 2**31)}
"""The fields that a message must have, and the range of each."""


class OrderFields(Protocol):
    """The fields of an order that its message contains."""

    @property
    def order_id(self) -> int: ...  # noqa: D102 - the message's field of this name
    @property
    def book_id(self) -> int: ...  # noqa: D102
    @property
    def user_id(self) -> int: ...  # noqa: D102
    @property
    def price(self) -> Decimal: ...  # noqa: D102
    @property
    def quantity(self) -> int: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def authors(self) -> str: ...  # noqa: D102
    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def order_date(self) -> datetime: ...  # noqa: D102


class MalformedMessageError(ValueError):
    """The body of a message is not an order; the text is one sentence that repeats nothing of the body."""


def format_order_message(order: OrderFields) -> str:
    """Return the body of the order's message: the Order of the REST contract as JSON.

    The price is a number with two decimals, and the date is in RFC 1123 format.
    """
    fields = {
        "order_id": order.order_id,
        "book_id": order.book_id,
        "user_id": order.user_id,
        "price": orjson.Fragment(f"{order.price:.2f}"),
        "quantity": order.quantity,
        "status": order.status,
        "title": order.title,
        "authors": order.authors,
        "url": order.url,
        "order_date": format_datetime(order.order_date, usegmt=True),
    }
    return orjson.dumps(fields).decode()


def parse_order_message(body: bytes | str, *, event_id: str = "", request_id: str = "", attempt: int = 0) -> OrderEvent:
    """Return the event that a message carries. The body needs only `order_id`, `book_id` and `quantity`.

    Args:
        body: the message's body; other keys are ignored.
        event_id: the message's id, empty when it has none.
        request_id: id of the request that placed the order; an invalid one is dropped.
        attempt: number of earlier deliveries.

    Raises:
        MalformedMessageError: the body is too large or not JSON, or a field is missing or out of range.
    """
    if len(body) > MAX_BODY_BYTES:
        message = f"The message is larger than {MAX_BODY_BYTES} bytes."
        raise MalformedMessageError(message)
    try:
        order = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedMessageError("The message is not JSON.") from None
    if not isinstance(order, dict):
        raise MalformedMessageError("The message is not a JSON object.")
    for name, allowed in _ALLOWED.items():
        value = order.get(name)
        if type(value) is not int or value not in allowed:  # excludes true and 2.0, which equal whole numbers
            message = f"{name} must be a whole number from 1 to {allowed[-1]}."
            raise MalformedMessageError(message)
    return OrderEvent(
        event_id=event_id,
        order_id=order["order_id"],
        book_id=order["book_id"],
        quantity=order["quantity"],
        request_id=request_id if request_ids.is_valid(request_id) else "",
        attempt=attempt,
    )
