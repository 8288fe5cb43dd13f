"""Port 5004: buying, and watching an order finish."""

from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from flask import Response, request

from gateway import replies
from gateway.answers import STATUSES, order_json, pending, respond
from gateway.auth import Access, Caller
from gateway.bodies import Purchase
from gateway.rows import Row, RowSet

KEY = "Idempotency-Key"


class PlaceOrder:
    """The rows of port 5004.

    Args:
        orders: the service behind them.
    """

    def __init__(self, orders: orders_pb2_grpc.OrdersStub) -> None:
        self._orders = orders

    def rows(self) -> RowSet:
        """What the port serves."""
        names = {"expected_price": "price", "idempotency_key": KEY}
        key = {KEY: "Up to 255 characters; the same key and body again within 24 hours answers the first answer."}
        return RowSet("place_order", "orders", ("orders", "books"), [
            Row(method="POST", path="/placeorder", view=self.place_order, access=Access.USER, body=Purchase,
                answer=replies.PlacedAnswer, status=201, headers=key, names=names, refuses=(404, 409, 422)),
            Row(method="GET", path="/checkorder/<id:order_id>", view=self.check_order, access=Access.USER,
                answer=replies.StateAnswer, refuses=(403,), missing="Order not found."),
            Row(method="GET", path="/pendingorder/<id:book_id>", view=self.find_pending, access=Access.USER,
                answer=replies.PendingAnswer, missing="Book was not found."),
        ])  # fmt: skip

    def place_order(self, caller: Caller, body: Purchase) -> Response:
        """Buys copies of a book at the catalogue's own price."""
        asked = pb.PlaceOrderRequest(
            user_id=caller.user_id,
            book_id=body.book_id,
            quantity=body.quantity,
            expected_price=body.price,
            idempotency_key=request.headers.get(KEY),
        )
        order = self._orders.PlaceOrder(asked).order
        status = STATUSES[order.status]
        return respond({"code": 201, "order_id": order.order_id, "status": status, "data": order_json(order)}, 201)

    def check_order(self, order_id: int, caller: Caller) -> Response:
        """Tells how an order stands."""
        order = self._orders.GetOrder(pb.GetOrderRequest(order_id=order_id, viewer_id=caller.user_id)).order
        state = {"order_id": order.order_id, "status": STATUSES[order.status]}
        return respond({"code": 200, **state, "data": state})

    def find_pending(self, book_id: int, caller: Caller) -> Response:
        """Tells whether an order of the shopper for that book is being processed."""
        user_id = caller.user_id
        return pending(
            self._orders.FindPending(pb.FindPendingRequest(user_id=user_id, book_id=book_id, viewer_id=user_id))
        )
