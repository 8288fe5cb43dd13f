"""What leaves the gateway: the contract's messages as JSON, in the envelope that every row shares."""

from collections.abc import Iterable, Mapping
from email.utils import formatdate

import orjson
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from flask import Response
from mesh.v1 import paging_pb2

Json = Mapping[str, object]

STATUSES = {
    orders_pb2.ORDER_STATUS_PENDING: "pending",
    orders_pb2.ORDER_STATUS_COMPLETED: "completed",
    orders_pb2.ORDER_STATUS_FAILED: "failed",
}


def respond(payload: Json, status: int = 200) -> Response:
    """The payload as it stands."""
    return Response(orjson.dumps(payload), status, content_type="application/json")


def success(data: object, status: int = 200, **more: object) -> Response:
    """The envelope of a success, with more keys beside `data`."""
    return respond({"code": status, "data": data, **more}, status)


def book_json(book: books_pb2.Book) -> Json:
    """A book as the contract shows it."""
    return {
        "book_id": book.book_id,
        "title": book.title,
        "description": book.description,
        "ISBN": book.isbn,
        "authors": book.authors,
        "publishers": book.publishers,
        "format": book.format,
        "genre": book.genre,
        "price": money(book.price),
        "quantity": book.quantity,
        "url": book.url,
    }


def order_json(order: orders_pb2.Order) -> Json:
    """An order as the contract shows it."""
    return {
        "order_id": order.order_id,
        "book_id": order.book_id,
        "user_id": order.user_id,
        "price": money(order.price),
        "quantity": order.quantity,
        "status": STATUSES[order.status],
        "title": order.title,
        "authors": order.authors,
        "url": order.url,
        "order_date": formatdate(order.create_time.seconds, usegmt=True),
    }


def money(amount: str) -> orjson.Fragment | None:
    """A decimal string as a JSON number of the same digits: it never becomes a float. None when it is empty."""
    return orjson.Fragment(amount) if amount else None


def pagination(page: paging_pb2.PageResponse) -> Json:
    """Return the `pagination` of a list, as the contract shows it."""
    has_more = page.page * page.page_size < page.total_size
    return {"page": page.page, "limit": page.page_size, "total": page.total_size, "has_more": has_more}


def orders_page(answer: orders_pb2.ListUserOrdersResponse) -> Response:
    """A list of orders, with `pagination` when a page was asked for."""
    data = _all(answer.orders)
    if not answer.HasField("paging"):
        return success(data)
    return success(data, pagination=pagination(answer.paging))


def pending(answer: orders_pb2.FindPendingResponse) -> Response:
    """Whether an order is pending, and which."""
    if not answer.HasField("order"):
        return respond({"code": 200, "hasPending": False})
    return respond({"code": 200, "hasPending": True, "data": order_json(answer.order)})


def _all(orders: Iterable[orders_pb2.Order]) -> list[Json]:
    return [order_json(order) for order in orders]
