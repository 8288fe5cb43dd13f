"""Port 5005: the past orders of a user."""

from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1.orders_pb2_grpc import OrdersStub

from gateway.http.auth import Access, Caller
from gateway.http.routing import RouteGroup
from gateway.messages.common import PageQuery
from gateway.messages.orders import OrdersResponse, orders_response

routes = RouteGroup("display_orders", port="display_orders", service="orders")


@routes.get("/myorders", OrdersResponse, access=Access.USER, query=PageQuery)
def list_my_orders(orders: OrdersStub, caller: Caller, query: PageQuery) -> OrdersResponse:
    """List the caller's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
    user_id = caller.user_id
    message = pb.ListUserOrdersRequest(user_id=user_id, page=query.page, limit=query.limit, viewer_id=user_id)
    return orders_response(orders.ListUserOrders(message))
