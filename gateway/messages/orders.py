"""Messages of the orders."""

from collections.abc import Mapping
from email.utils import formatdate
from typing import Annotated, Literal, NotRequired

from bookstore.orders.v1 import orders_pb2
from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from gateway.messages.common import PageQuery, Pagination, Request, pagination
from gateway.messages.types import Amount, Int32, Int64, Money, money
from mesh.client import Failure
from registry.order_statuses import STATUS_NAMES, OrderStatus

MAX_NEWEST_ORDERS = 500
"""Length of a list without `page` and `limit`."""


class PlaceOrderRequest(Request):
    """A book to buy. `price` is the one that the buyer saw; title, authors and url are the catalogue's own."""

    book_id: Int64
    quantity: Int32
    price: Amount | None = None


class CreateOrderRequest(Request):
    """An order to store as given."""

    book_id: Int64
    user_id: Int64
    price: Amount
    quantity: Int32
    status: OrderStatus = "pending"
    title: str = ""
    authors: str = ""
    url: str = ""


class SetStatusRequest(Request):
    """The final status of an order."""

    status: OrderStatus


class Order(TypedDict):
    """One purchase of one title."""

    order_id: int
    book_id: int
    user_id: int
    price: Annotated[Money, Field(description="Unit price when bought.", ge=0)]
    quantity: Annotated[int, Field(ge=1)]
    status: OrderStatus
    title: str
    authors: str
    url: str
    order_date: Annotated[str, Field(description="RFC 1123, such as `Tue, 12 Aug 2025 22:19:44 GMT`.")]


class OrderState(TypedDict):
    """The status of an order."""

    order_id: int
    status: OrderStatus


class OrderResponse(TypedDict):
    """One order."""

    code: Literal[200]
    data: Order


class CreateOrderResponse(TypedDict):
    """The order that was stored."""

    code: Literal[201]
    data: Order


class OrdersResponse(TypedDict):
    """Orders, the newest first. `pagination` is present only when `page` or `limit` was sent."""

    code: Literal[200]
    data: list[Order]
    pagination: NotRequired[Pagination]


class Pending(TypedDict):
    """The order that is being processed."""

    code: Literal[200]
    hasPending: Literal[True]
    data: Order


class NonePending(TypedDict):
    """No order is being processed."""

    code: Literal[200]
    hasPending: Literal[False]


PendingResponse = TypeAliasType(
    "PendingResponse",
    Annotated[Pending | NonePending, Field(description="Whether an order is being processed, and which.")],
)


class PlaceOrderResponse(TypedDict):
    """The order that was placed."""

    code: Literal[201]
    order_id: int
    status: Literal["pending"]
    data: Order


class OrderStateResponse(TypedDict):
    """The status of an order."""

    code: Literal[200]
    order_id: int
    status: OrderStatus
    data: OrderState


def order_message(order: orders_pb2.Order) -> Order:
    """Return an order in the form of the REST contract."""
    return {
        "order_id": order.order_id,
        "book_id": order.book_id,
        "user_id": order.user_id,
        "price": money(order.price),
        "quantity": order.quantity,
        "status": STATUS_NAMES[order.status],
        "title": order.title,
        "authors": order.authors,
        "url": order.url,
        "order_date": formatdate(order.create_time.seconds, usegmt=True),
    }


def list_orders_request(user_id: int, viewer_id: int | None, query: PageQuery) -> orders_pb2.ListUserOrdersRequest:
    """Return the request for a page of a user's orders, or for the newest ones without `page` and `limit`."""
    paging = query.paging()
    if paging is None:
        return orders_pb2.ListUserOrdersRequest(user_id=user_id, viewer_id=viewer_id, newest=MAX_NEWEST_ORDERS)
    return orders_pb2.ListUserOrdersRequest(user_id=user_id, viewer_id=viewer_id, paging=paging)


def orders_response(response: orders_pb2.ListUserOrdersResponse) -> OrdersResponse:
    """Return a list of orders, with `pagination` when a page was requested."""
    data = [order_message(order) for order in response.orders]
    if not response.HasField("paging"):
        return {"code": 200, "data": data}
    return {"code": 200, "data": data, "pagination": pagination(response.paging)}


def pending_response(response: orders_pb2.FindPendingResponse) -> Pending | NonePending:
    """Return whether an order is pending, and the order."""
    if not response.HasField("order"):
        return {"code": 200, "hasPending": False}
    return {"code": 200, "hasPending": True, "data": order_message(response.order)}


def price_changed_data(failure: Failure) -> Mapping[str, object]:
    """Return the new price, as `data` of the error that it has changed."""
    return {"price": money(failure.metadata.get("price", ""))}


def order_pending_data(failure: Failure) -> Mapping[str, object] | None:
    """Return the pending order, as `data` of the error that there may be only one."""
    order = failure.detail(orders_pb2.Order)
    return order_message(order) if order else None


ORDER_ERROR_DATA = {"PRICE_CHANGED": price_changed_data, "ORDER_PENDING": order_pending_data}
"""The functions that return the `data` of an error, by the reason of the failure."""
