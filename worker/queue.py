"""The bookstore's names at the broker, as the REST contract has them, and the message of a placed order."""

from dataclasses import dataclass

import orjson
from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import request_ids
from mesh.broker.messages import Message
from mesh.broker.topology import Topology

ORDERS = Topology(exchange="orders", queue="order_queue", routing_key="order.new")
REASON, SET_ASIDE = "x-reason", "x-set-aside"
"""Headers of a message that was set aside: why, and when."""
IDS, COPIES = range(1, 2**63), range(1, 2**31)


@dataclass(frozen=True)
class Malformed:
    """No order's message; `reason` is one sentence."""

    reason: str


def read(message: Message) -> OrderEvent | Malformed:
    """The event in a message, which needs no more than `order_id`, `book_id` and `quantity`."""
    try:
        order = orjson.loads(message.body)
    except orjson.JSONDecodeError:
        return Malformed("The message is not JSON.")
    if not isinstance(order, dict):
        return Malformed("The message is not a JSON object.")
    for name, allowed in (("order_id", IDS), ("book_id", IDS), ("quantity", COPIES)):
        value = order.get(name)
        if type(value) is not int or value not in allowed:  # true and 2.0 are none either
            return Malformed(f"{name} must be a whole number from 1 to {allowed[-1]}.")
    return OrderEvent(
        event_id=message.message_id,
        order_id=order["order_id"],
        book_id=order["book_id"],
        quantity=order["quantity"],
        request_id=message.request_id() if request_ids.is_valid(message.request_id()) else "",
        attempt=message.attempt(),
    )
