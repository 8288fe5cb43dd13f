"""Port 5003: orders, for their owners and for services."""

import grpc
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1.orders_pb2_grpc import OrdersStub

from gateway.http.auth import Access, Caller
from gateway.http.errors import ApiError
from gateway.http.routing import RouteGroup
from gateway.messages.common import PAGING_FIELD_NAMES, PageQuery
from gateway.messages.orders import (
    ORDER_ERROR_DATA,
    CreateOrderRequest,
    CreateOrderResponse,
    OrderResponse,
    OrdersResponse,
    PendingResponse,
    SetStatusRequest,
    list_orders_request,
    order_message,
    orders_response,
    pending_response,
)
from mesh.client import parse_failure
from registry.order_statuses import STATUS_NUMBERS

NO_ORDER, NO_USER_OR_BOOK = "Order not found.", "User or book was not found."

routes = RouteGroup("orders", port="orders", service="orders", error_data=ORDER_ERROR_DATA)


@routes.post(
    "/orders",
    CreateOrderResponse,
    status=201,
    access=Access.SERVICE,
    body=CreateOrderRequest,
    errors=(404, 409),
)
def create_order(orders: OrdersStub, caller: Caller, body: CreateOrderRequest) -> CreateOrderResponse:
    """Store an order as given, for services that determined the price themselves."""
    message = pb.CreateOrderRequest(
        book_id=body.book_id,
        user_id=body.user_id,
        price=body.price,
        quantity=body.quantity,
        status=STATUS_NUMBERS[body.status],
        title=body.title,
        authors=body.authors,
        url=body.url,
    )
    return {"code": 201, "data": order_message(orders.CreateOrder(message, metadata=caller.metadata).order)}


@routes.put(
    "/orders/<id:order_id>",
    OrderResponse,
    access=Access.SERVICE,
    body=SetStatusRequest,
    errors=(409,),
    not_found=NO_ORDER,
)
def set_order_status(orders: OrdersStub, order_id: int, caller: Caller, body: SetStatusRequest) -> OrderResponse:
    """Set the final status of a pending order."""
    message = pb.SetStatusRequest(order_id=order_id, status=STATUS_NUMBERS[body.status])
    return {"code": 200, "data": order_message(orders.SetStatus(message, metadata=caller.metadata).order)}


@routes.get("/orders/<id:order_id>", OrderResponse, access=Access.USER_OR_SERVICE, not_found=NO_ORDER)
def get_order(orders: OrdersStub, order_id: int, caller: Caller) -> OrderResponse:
    """Return one order."""
    message = pb.GetOrderRequest(order_id=order_id, viewer_id=caller.user_id or None)
    try:
        order = orders.GetOrder(message, metadata=caller.metadata).order
    except grpc.RpcError as error:
        if parse_failure(error).reason == "NOT_OWNER":
            raise ApiError(404, NO_ORDER) from None  # 403 would disclose that the order exists
        raise
    return {"code": 200, "data": order_message(order)}


@routes.get(
    "/orders/user/<id:user_id>",
    OrdersResponse,
    access=Access.USER_OR_SERVICE,
    query=PageQuery,
    field_names=PAGING_FIELD_NAMES,
    not_found=NO_USER_OR_BOOK,
)
def list_user_orders(orders: OrdersStub, user_id: int, caller: Caller, query: PageQuery) -> OrdersResponse:
    """List a user's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
    message = list_orders_request(user_id, caller.user_id or None, query)
    return orders_response(orders.ListUserOrders(message, metadata=caller.metadata))


@routes.get(
    "/orders/user/<id:user_id>/book/<id:book_id>",
    PendingResponse,
    access=Access.USER_OR_SERVICE,
    not_found=NO_USER_OR_BOOK,
)
def find_user_pending(orders: OrdersStub, user_id: int, book_id: int, caller: Caller) -> PendingResponse:
    """Return whether an order of the user for the book is being processed."""
    message = pb.FindPendingRequest(user_id=user_id, book_id=book_id, viewer_id=caller.user_id or None)
    return pending_response(orders.FindPending(message, metadata=caller.metadata))
