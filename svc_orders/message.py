"""The message of a placed order, as `order_queue` carries it: the Order as JSON."""

from email.utils import format_datetime

import orjson

from database.engine import AnyRow
from svc_orders.rules import StoredOrder


def to_json(order: AnyRow | StoredOrder) -> str:
    """The order as JSON; the price keeps its decimals, the date is the REST contract's."""
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
