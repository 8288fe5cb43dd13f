"""Port 5005: the past orders of a user."""

from bookstore.orders.v1.orders_pb2_grpc import OrdersStub

from gateway.http.auth import Access, Caller
from gateway.http.routing import RouteGroup
from gateway.messages.common import PAGING_FIELD_NAMES, PageQuery
from gateway.messages.orders import OrdersResponse, list_orders_request, orders_response

routes = RouteGroup("display_orders", port="display_orders", service="orders")


@routes.get("/myorders", OrdersResponse, access=Access.USER, query=PageQuery, field_names=PAGING_FIELD_NAMES)
def list_my_orders(orders: OrdersStub, caller: Caller, query: PageQuery) -> OrdersResponse:
    """List the caller's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
    message = list_orders_request(caller.user_id, caller.user_id, query)
    return orders_response(orders.ListUserOrders(message))
