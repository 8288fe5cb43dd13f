"""Port 5005: the shopper's past orders."""

from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from flask import Response

from gateway import replies
from gateway.answers import orders_page
from gateway.auth import Access, Caller
from gateway.bodies import PageQuery
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
                answer=replies.OrdersAnswer),
        ])  # fmt: skip

    def list_my_orders(self, caller: Caller, query: PageQuery) -> Response:
        """Lists the shopper's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
        user_id = caller.user_id
        asked = pb.ListUserOrdersRequest(user_id=user_id, page=query.page, limit=query.limit, viewer_id=user_id)
        return orders_page(self._orders.ListUserOrders(asked))
