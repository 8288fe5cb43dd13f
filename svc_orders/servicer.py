"""Translates between the contract, the rules and the stores."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import grpc
import orjson
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from database.engine import AnyRow
from mesh.context import current_call
from mesh.errors import AlreadyExists, FailedPrecondition, PermissionDenied
from svc_orders.catalogue import Catalogue
from svc_orders.outbox import Bell, Outbox, Reject, Retry
from svc_orders.rules import (
    COMPLETED,
    FAILED,
    LIMIT,
    PAGE,
    PENDING,
    End,
    Key,
    NewOrder,
    check_price,
    check_stock,
    fingerprint,
)  # fmt: skip
from svc_orders.store import AnyOrder, OrderStore, PendingExistsError

STATUSES = {
    PENDING: pb.ORDER_STATUS_PENDING,
    COMPLETED: pb.ORDER_STATUS_COMPLETED,
    FAILED: pb.ORDER_STATUS_FAILED,
}
NAMES = {number: name for name, number in STATUSES.items()}
OWN_ORDERS = "Forbidden. You can only see your own orders."


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


class OrdersServicer(orders_pb2_grpc.OrdersServicer):
    """The Orders service.

    Args:
        store: the orders.
        outbox: their events.
        bell: rung when an order was committed.
        catalogue: what is on sale.
        clock: the present, UTC.
        carried: whether a broker carries the events.
    """

    def __init__(
        self,
        store: OrderStore,
        outbox: Outbox,
        bell: Bell,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = utc_now,
        *,
        carried: bool = False,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._bell = bell
        self._catalogue = catalogue
        self._clock = clock
        self._carried = carried

    def PlaceOrder(self, request: pb.PlaceOrderRequest, context: grpc.ServicerContext) -> pb.PlaceOrderResponse:
        """Places an order at the catalogue's price."""
        key = _key(request)
        earlier = self._store.placed_under(request.user_id, key, self._clock()) if key else None
        if earlier is not None:
            return _placed(earlier, replayed=True)
        book = self._catalogue.book(request.book_id)
        check_price(request.expected_price, book.price)
        check_stock(request.quantity, book.quantity)
        order = NewOrder(
            book_id=book.book_id,
            user_id=request.user_id,
            price=Decimal(book.price),
            quantity=request.quantity,
            status=PENDING,
            title=book.title,
            authors=book.authors,
            url=book.url,
        )
        row, replayed = self._insert(order, key)
        return _placed(row, replayed=replayed)

    def CreateOrder(self, request: pb.CreateOrderRequest, context: grpc.ServicerContext) -> pb.CreateOrderResponse:
        """Stores an order as given."""
        order = NewOrder(
            book_id=request.book_id,
            user_id=request.user_id,
            price=Decimal(request.price),
            quantity=request.quantity,
            status=NAMES[request.status],
            title=request.title,
            authors=request.authors,
            url=request.url,
        )
        row, _ = self._insert(order, None)
        return pb.CreateOrderResponse(order=_order(row))

    def GetOrder(self, request: pb.GetOrderRequest, context: grpc.ServicerContext) -> pb.GetOrderResponse:
        """One order, for its owner or for a service."""
        row = self._store.get(request.order_id)
        _check_viewer(request, row.user_id, "Forbidden. Order does not belong to this user.")
        return pb.GetOrderResponse(order=_order(row))

    def ListUserOrders(
        self, request: pb.ListUserOrdersRequest, context: grpc.ServicerContext
    ) -> pb.ListUserOrdersResponse:
        """A user's orders, the newest first."""
        _check_viewer(request, request.user_id, OWN_ORDERS)
        if not request.HasField("page") and not request.HasField("limit"):
            return pb.ListUserOrdersResponse(orders=map(_order, self._store.newest(request.user_id)))
        page = request.page if request.HasField("page") else PAGE
        limit = request.limit if request.HasField("limit") else LIMIT
        rows, total = self._store.page(request.user_id, page, limit)
        info = pb.PageInfo(page=page, limit=limit, total=total)
        return pb.ListUserOrdersResponse(orders=map(_order, rows), page_info=info)

    def FindPending(self, request: pb.FindPendingRequest, context: grpc.ServicerContext) -> pb.FindPendingResponse:
        """The user's pending order for a book."""
        _check_viewer(request, request.user_id, OWN_ORDERS)
        row = self._store.pending(request.user_id, request.book_id)
        return pb.FindPendingResponse(order=_order(row) if row else None)

    def SetStatus(self, request: pb.SetStatusRequest, context: grpc.ServicerContext) -> pb.SetStatusResponse:
        """Ends a pending order."""
        return pb.SetStatusResponse(order=_order(self._store.end(request.order_id, NAMES[request.status])))

    def BatchSetStatus(
        self, request: pb.BatchSetStatusRequest, context: grpc.ServicerContext
    ) -> pb.BatchSetStatusResponse:
        """Ends many pending orders."""
        self._store.end_all([End(each.order_id, NAMES[each.status]) for each in request.requests])
        return pb.BatchSetStatusResponse()

    def LeaseEvents(self, request: pb.LeaseEventsRequest, context: grpc.ServicerContext) -> pb.LeaseEventsResponse:
        """Events for one worker."""
        if self._carried:
            raise FailedPrecondition("A broker carries the events.", "BROKER_CARRIES_EVENTS")
        rows = self._outbox.wait_and_lease(
            request.max_events, request.lease.ToTimedelta(), request.wait.ToTimedelta(), context.is_active
        )
        return pb.LeaseEventsResponse(events=map(_event, rows))

    def AckEvents(self, request: pb.AckEventsRequest, context: grpc.ServicerContext) -> pb.AckEventsResponse:
        """Settles leased events."""
        by_kind: dict[int, list[pb.EventSettlement]] = {}
        for settlement in request.settlements:
            by_kind.setdefault(settlement.settlement, []).append(settlement)
        self._outbox.settle(
            done=[s.event_id for s in by_kind.get(pb.SETTLEMENT_DONE, ())],
            retries=[Retry(s.event_id, s.delay.ToTimedelta()) for s in by_kind.get(pb.SETTLEMENT_RETRY, ())],
            rejects=[Reject(s.event_id, s.reason) for s in by_kind.get(pb.SETTLEMENT_REJECT, ())],
        )
        return pb.AckEventsResponse()

    def _insert(self, order: NewOrder, key: Key | None) -> tuple[AnyOrder, bool]:
        call = current_call.get()
        try:
            placed = self._store.place(order, key, call.request_id if call else "", self._clock())
        except PendingExistsError as error:
            message = "An order for this book is already being processed."
            raise AlreadyExists(message, "ORDER_PENDING", details=[_order(error.order)]) from None
        self._bell.ring()
        return placed


def _check_viewer(
    request: pb.GetOrderRequest | pb.ListUserOrdersRequest | pb.FindPendingRequest, owner_id: int, sentence: str
) -> None:
    """Shows what somebody owns to them, and to services that ask for themselves."""
    if request.HasField("viewer_id") and request.viewer_id != owner_id:
        raise PermissionDenied(sentence, "NOT_OWNER")


def _key(request: pb.PlaceOrderRequest) -> Key | None:
    if not request.idempotency_key:
        return None
    return Key(request.idempotency_key, fingerprint(request.book_id, request.quantity, request.expected_price))


def _placed(row: AnyOrder, *, replayed: bool) -> pb.PlaceOrderResponse:
    order = _order(row)
    order.status = pb.ORDER_STATUS_PENDING  # a repeated request gets the first answer, however the order stands by now
    return pb.PlaceOrderResponse(order=order, replayed=replayed)


def _order(row: AnyOrder) -> pb.Order:
    placed = Timestamp()
    placed.FromDatetime(row.order_date)
    return pb.Order(
        order_id=row.order_id,
        book_id=row.book_id,
        user_id=row.user_id,
        price=f"{row.price:.2f}",
        quantity=row.quantity,
        status=STATUSES[row.status],
        title=row.title,
        authors=row.authors,
        url=row.url,
        order_date=placed,
    )


def _event(row: AnyRow) -> pb.OrderEvent:
    order = orjson.loads(row.payload)
    return pb.OrderEvent(
        event_id=row.event_id,
        order_id=order["order_id"],
        book_id=order["book_id"],
        quantity=order["quantity"],
        request_id=row.request_id,
        attempt=row.attempts,
    )
