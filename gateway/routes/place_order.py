"""Port 5004: placing an order, and following it until it has ended."""

from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1.orders_pb2_grpc import OrdersStub
from flask import request

from gateway.http.auth import Access, Caller
from gateway.http.lanes import PLACING
from gateway.http.routing import RouteGroup
from gateway.messages.orders import (
    ORDER_ERROR_DATA,
    OrderState,
    OrderStateResponse,
    PendingResponse,
    PlaceOrderRequest,
    PlaceOrderResponse,
    order_message,
    pending_response,
)
from registry.order_statuses import STATUS_NAMES

IDEMPOTENCY_KEY = "Idempotency-Key"
HEADERS = {
    IDEMPOTENCY_KEY: (
        "Up to 255 characters. The same key and body again within 24 hours return the first response and place no "
        "other order."
    )
}

routes = RouteGroup(
    "place_order",
    port="place_order",
    service="orders",
    needs=("orders", "books"),  # the orders service reads the price and the stock from the books service
    error_data=ORDER_ERROR_DATA,
)


@routes.post(
    "/placeorder",
    PlaceOrderResponse,
    status=201,
    access=Access.USER,
    body=PlaceOrderRequest,
    headers=HEADERS,
    field_names={"expected_price": "price", "idempotency_key": IDEMPOTENCY_KEY},
    errors=(404, 409, 422),
    lane=PLACING,
)
def place_order(orders: OrdersStub, caller: Caller, body: PlaceOrderRequest) -> PlaceOrderResponse:
    """Buy copies of a book at the price of the catalogue."""
    message = pb.PlaceOrderRequest(
        user_id=caller.user_id,
        book_id=body.book_id,
        quantity=body.quantity,
        expected_price=body.price,
        idempotency_key=request.headers.get(IDEMPOTENCY_KEY),
    )
    order = orders.PlaceOrder(message).order
    return {"code": 201, "order_id": order.order_id, "status": "pending", "data": order_message(order)}


@routes.get(
    "/checkorder/<id:order_id>",
    OrderStateResponse,
    access=Access.USER,
    errors=(403,),
    not_found="Order not found.",
)
def check_order(orders: OrdersStub, order_id: int, caller: Caller) -> OrderStateResponse:
    """Return the status of an order."""
    order = orders.GetOrder(pb.GetOrderRequest(order_id=order_id, viewer_id=caller.user_id)).order
    state: OrderState = {"order_id": order.order_id, "status": STATUS_NAMES[order.status]}
    return {"code": 200, "order_id": state["order_id"], "status": state["status"], "data": state}


@routes.get("/pendingorder/<id:book_id>", PendingResponse, access=Access.USER, not_found="Book was not found.")
def find_pending(orders: OrdersStub, book_id: int, caller: Caller) -> PendingResponse:
    """Return whether an order of the caller for the book is being processed."""
    message = pb.FindPendingRequest(user_id=caller.user_id, book_id=book_id, viewer_id=caller.user_id)
    return pending_response(orders.FindPending(message))
