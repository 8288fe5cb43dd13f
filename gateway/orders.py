"""Port 5003: orders, for their owners and for services."""

from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from flask import Response

from gateway import replies
from gateway.answers import STATUSES, order_json, orders_page, pending, success
from gateway.auth import Access, Caller
from gateway.bodies import PAGE_NAMES, NewOrder, NewStatus, PageQuery
from gateway.rows import Row, RowSet

NUMBERS = {name: number for number, name in STATUSES.items()}
NO_ORDER, NO_USER_OR_BOOK = "Order not found.", "User or book was not found."
NEWEST_ORDERS = 500
"""Orders in a list without `page` and `limit`."""


class Orders:
    """The rows of port 5003.

    Args:
        orders: the service behind them.
    """

    def __init__(self, orders: orders_pb2_grpc.OrdersStub) -> None:
        self._orders = orders

    def rows(self) -> RowSet:
        """What the port serves."""
        service, both = Access.SERVICE, Access.USER_OR_SERVICE
        return RowSet("orders", "orders", ("orders",), [
            Row(method="POST", path="/orders", view=self.create_order, access=service, body=NewOrder,
                answer=replies.CreatedAnswer, status=201, refuses=(404, 409)),
            Row(method="PUT", path="/orders/<id:order_id>", view=self.set_order_status, access=service, body=NewStatus,
                answer=replies.OrderAnswer, refuses=(409,), missing=NO_ORDER),
            Row(method="GET", path="/orders/<id:order_id>", view=self.get_order, access=both,
                answer=replies.OrderAnswer, missing=NO_ORDER),
            Row(method="GET", path="/orders/user/<id:user_id>", view=self.list_user_orders, access=both,
                query=PageQuery, answer=replies.OrdersAnswer, missing=NO_USER_OR_BOOK, names=PAGE_NAMES),
            Row(method="GET", path="/orders/user/<id:user_id>/book/<id:book_id>", view=self.find_user_pending,
                access=both, answer=replies.PendingAnswer, missing=NO_USER_OR_BOOK),
        ])  # fmt: skip

    def create_order(self, caller: Caller, body: NewOrder) -> Response:
        """Stores an order as given, for services that priced it themselves."""
        asked = pb.CreateOrderRequest(
            book_id=body.book_id,
            user_id=body.user_id,
            price=body.price,
            quantity=body.quantity,
            status=NUMBERS[body.status],
            title=body.title,
            authors=body.authors,
            url=body.url,
        )
        return success(order_json(self._orders.CreateOrder(asked, metadata=caller.metadata).order), 201)

    def set_order_status(self, order_id: int, caller: Caller, body: NewStatus) -> Response:
        """Ends a pending order."""
        asked = pb.SetStatusRequest(order_id=order_id, status=NUMBERS[body.status])
        return success(order_json(self._orders.SetStatus(asked, metadata=caller.metadata).order))

    def get_order(self, order_id: int, caller: Caller) -> Response:
        """Answers one order."""
        asked = pb.GetOrderRequest(order_id=order_id, viewer_id=caller.user_id or None)
        return success(order_json(self._orders.GetOrder(asked, metadata=caller.metadata).order))

    def list_user_orders(self, user_id: int, caller: Caller, query: PageQuery) -> Response:
        """Lists a user's orders, the newest first: one page, or the newest 500 without `page` and `limit`."""
        asked = orders_request(user_id, caller.user_id or None, query)
        return orders_page(self._orders.ListUserOrders(asked, metadata=caller.metadata))

    def find_user_pending(self, user_id: int, book_id: int, caller: Caller) -> Response:
        """Tells whether an order of that user for that book is being processed."""
        asked = pb.FindPendingRequest(user_id=user_id, book_id=book_id, viewer_id=caller.user_id or None)
        return pending(self._orders.FindPending(asked, metadata=caller.metadata))


def orders_request(user_id: int, viewer_id: int | None, query: PageQuery) -> pb.ListUserOrdersRequest:
    """Return the request for a page of a user's orders, or for the newest ones without `page` and `limit`."""
    paging = query.paging()
    if paging is None:
        return pb.ListUserOrdersRequest(user_id=user_id, viewer_id=viewer_id, newest=NEWEST_ORDERS)
    return pb.ListUserOrdersRequest(user_id=user_id, viewer_id=viewer_id, paging=paging)
