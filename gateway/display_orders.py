"""Port 5005: the shopper's past orders."""

from bookstore.orders.v1 import orders_pb2_grpc
from flask import Response

from gateway import replies
from gateway.answers import orders_page
from gateway.auth import Access, Caller
from gateway.bodies import PAGE_NAMES, PageQuery
from gateway.orders import orders_request
from gateway.rows import Row, RowSet


class DisplayOrders:
    """The rows of port 5005.

    Args:
        orders: the service behind them.
    """

    def __init__(self, orders: orders_pb2_grpc.OrdersStub) -> None:
        self._orders = orders

    def rows(self) -> RowSet:
        """What the port serves."""
        return RowSet("display_orders", "orders", ("orders",), [
            Row(method="GET", path="/myorders", view=self.list_my_orders, access=Access.USER, query=PageQuery,
                answer=replies.OrdersAnswer, names=PAGE_NAMES),
        ])  # fmt: skip

    def list_my_orders(self, caller: Caller, query: PageQuery) -> Response:
        """Lists the shopper's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
        return orders_page(self._orders.ListUserOrders(orders_request(caller.user_id, caller.user_id, query)))
