"""The Orders service: translates between the contract, the rules and the stores."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import grpc
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.context import current_call
from mesh.errors import AlreadyExists, FailedPrecondition, PermissionDenied
from mesh.paging import read_page
from mesh.pools import Pools
from registry.order_messages import parse_order_message
from registry.order_statuses import FAILED, PENDING, STATUS_NAMES, STATUS_NUMBERS
from svc_orders.book_client import BookClient
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.rules import (
    DEFAULT_PAGE_SIZE,
    NewOrder,
    OrderState,
    RequestKey,
    StatusChange,
    StoredOrder,
    check_price,
    check_stock,
    is_pending,
    request_fingerprint,
)  # fmt: skip
from svc_orders.store.dead_events import DeadEvent
from svc_orders.store.orders import OrderStore, PendingOrderError, Placement
from svc_orders.store.outbox import Done, LeasedEvent, Reject, Retry, Settlement
from svc_orders.store.placer import OrderPlacer

OWN_ORDERS_ONLY = "Forbidden. You can only see your own orders."


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class OrdersServicer(orders_pb2_grpc.OrdersServicer):
    """The Orders service.

    Args:
        store: the orders.
        pools: the threads of reads and of transactions.
        outbox: their events.
        signal: is notified after an order was committed.
        books: the books service.
        clock: returns the current time, UTC.
        has_broker: whether a broker delivers the events.
    """

    def __init__(
        self,
        store: OrderStore,
        pools: Pools,
        outbox: Outbox,
        signal: EventSignal,
        books: BookClient,
        clock: Callable[[], datetime] = utc_now,
        *,
        has_broker: bool = False,
    ) -> None:
        self._store = store
        self._pools = pools
        self._placer = OrderPlacer(store, pools)
        self._outbox = outbox
        self._signal = signal
        self._books = books
        self._clock = clock
        self._has_broker = has_broker

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, context: grpc.ServicerContext) -> pb.PlaceOrderResponse:
        """Place an order at the price of the catalogue."""
        key = _request_key(request)
        if key is not None:
            earlier = await self._placer.find_by_key(request.user_id, key, self._clock())
            if earlier is not None:
                return _placed(Placement(earlier, replayed=True))
        book = await self._books.get_book(request.book_id)
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
        return _placed(await self._place(order, key))

    async def CreateOrder(
        self, request: pb.CreateOrderRequest, context: grpc.ServicerContext
    ) -> pb.CreateOrderResponse:
        """Store an order as given."""
        order = NewOrder(
            book_id=request.book_id,
            user_id=request.user_id,
            price=Decimal(request.price),
            quantity=request.quantity,
            status=STATUS_NAMES[request.status],
            title=request.title,
            authors=request.authors,
            url=request.url,
        )
        placement = await self._place(order, None)
        return pb.CreateOrderResponse(order=_order(placement.order))

    def GetOrder(self, request: pb.GetOrderRequest, context: grpc.ServicerContext) -> pb.GetOrderResponse:
        """Return the order with this id."""
        order = self._store.get(request.order_id)
        _check_viewer(request, order.user_id, "Forbidden. Order does not belong to this user.")
        return pb.GetOrderResponse(order=_order(order))

    def BatchGetOrders(
        self, request: pb.BatchGetOrdersRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetOrdersResponse:
        """Return several orders."""
        return pb.BatchGetOrdersResponse(orders=map(_order_state, self._store.get_states(request.order_ids)))

    def ListUserOrders(
        self, request: pb.ListUserOrdersRequest, context: grpc.ServicerContext
    ) -> pb.ListUserOrdersResponse:
        """Return a user's orders, the newest first."""
        _check_viewer(request, request.user_id, OWN_ORDERS_ONLY)
        if request.newest:
            newest = self._store.list_newest(request.user_id, request.newest)
            return pb.ListUserOrdersResponse(orders=map(_order, newest))
        page = read_page(request, DEFAULT_PAGE_SIZE)
        orders, total = self._store.list_page(request.user_id, page.offset, page.size)
        return pb.ListUserOrdersResponse(orders=map(_order, orders), paging=page.response(total))

    def FindPending(self, request: pb.FindPendingRequest, context: grpc.ServicerContext) -> pb.FindPendingResponse:
        """Return the user's pending order for a book, if there is one."""
        _check_viewer(request, request.user_id, OWN_ORDERS_ONLY)
        order = self._store.find_pending(request.user_id, request.book_id)
        return pb.FindPendingResponse(order=_order(order) if order else None)

    async def SetStatus(self, request: pb.SetStatusRequest, context: grpc.ServicerContext) -> pb.SetStatusResponse:
        """End a pending order."""
        await self._take_copies([request])
        order = await self._pools.writes.run(self._store.set_status, _status_change(request), self._clock())
        if not request.stock_settled:
            self._signal.notify()
        return pb.SetStatusResponse(order=_order(order))

    async def BatchSetStatus(
        self, request: pb.BatchSetStatusRequest, context: grpc.ServicerContext
    ) -> pb.BatchSetStatusResponse:
        """End many pending orders."""
        await self._take_copies(request.requests)
        changes = [_status_change(each) for each in request.requests]
        await self._pools.writes.run(self._store.set_statuses, changes, self._clock())
        if not all(each.stock_settled for each in request.requests):
            self._signal.notify()
        return pb.BatchSetStatusResponse()

    async def LeaseEvents(
        self, request: pb.LeaseEventsRequest, context: grpc.ServicerContext
    ) -> pb.LeaseEventsResponse:
        """Lease events to one worker."""
        if self._has_broker:
            raise FailedPrecondition("A broker carries the events.", "BROKER_CARRIES_EVENTS")
        if request.lost_lease_tokens:
            await self._outbox.release(list(request.lost_lease_tokens))
        events = await self._outbox.wait_and_lease(
            request.max_events, request.lease.ToTimedelta(), request.wait.ToTimedelta(), token=request.lease_token
        )
        return pb.LeaseEventsResponse(events=map(_event, events))

    def AckEvents(self, request: pb.AckEventsRequest, context: grpc.ServicerContext) -> pb.AckEventsResponse:
        """Settle leased events."""
        self._outbox.settle([_settlement(each) for each in request.settlements])
        return pb.AckEventsResponse()

    def ListDeadEvents(
        self, request: pb.ListDeadEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadEventsResponse:
        """Return the rejected events."""
        return pb.ListDeadEventsResponse(events=map(_dead_event, self._outbox.find_dead()))

    def RedriveEvents(
        self, request: pb.RedriveEventsRequest, context: grpc.ServicerContext
    ) -> pb.RedriveEventsResponse:
        """Let rejected events be delivered again."""
        return pb.RedriveEventsResponse(redriven=self._outbox.redrive(request.event_ids))

    async def _take_copies(self, requests: Sequence[pb.SetStatusRequest]) -> None:
        """Take the copies of pending orders that are to be completed; those for which too few are left fail."""
        completed = [
            each.order_id for each in requests if each.status == pb.ORDER_STATUS_COMPLETED and not each.stock_settled
        ]
        if not completed:
            return
        orders = await self._pools.reads.run(self._store.get_states, completed)
        pending = [order for order in orders if is_pending(order)]
        if pending:
            taken = await self._books.take_copies(pending)
            failed = [StatusChange(order.order_id, FAILED, True) for order in pending if order.order_id not in taken]
            if failed:
                await self._pools.writes.run(self._store.set_statuses, failed, self._clock())

    async def _place(self, order: NewOrder, key: RequestKey | None) -> Placement:
        call = current_call.get()
        try:
            placement = await self._placer.place(order, key, call.request_id if call else "", self._clock())
        except PendingOrderError as error:
            message = "An order for this book is already being processed."
            raise AlreadyExists(message, "ORDER_PENDING", details=[_order(error.order)]) from None
        self._signal.notify()
        return placement


def _check_viewer(
    request: pb.GetOrderRequest | pb.ListUserOrdersRequest | pb.FindPendingRequest, owner_id: int, sentence: str
) -> None:
    """Accept the owner of the orders as their viewer, and no viewer from callers that may read all orders.

    Raises:
        PermissionDenied: the viewer is another user, or it is missing although the caller acts for a user.
    """
    call = current_call.get()
    if request.HasField("viewer_id"):
        if request.viewer_id != owner_id:
            raise PermissionDenied(sentence, "NOT_OWNER")
    elif call is None or not call.unrestricted:
        raise PermissionDenied("viewer_id must name the user on whose behalf this is requested.", "VIEWER_REQUIRED")


def _status_change(request: pb.SetStatusRequest) -> StatusChange:
    return StatusChange(request.order_id, STATUS_NAMES[request.status], request.stock_settled)


def _request_key(request: pb.PlaceOrderRequest) -> RequestKey | None:
    if not request.idempotency_key:
        return None
    fingerprint = request_fingerprint(request.book_id, request.quantity, request.expected_price)
    return RequestKey(request.idempotency_key, fingerprint)


def _placed(placement: Placement) -> pb.PlaceOrderResponse:
    order = _order(placement.order)
    order.status = pb.ORDER_STATUS_PENDING  # a repeated request gets the first response, even if the order has ended
    return pb.PlaceOrderResponse(order=order, replayed=placement.replayed)


def _order(order: StoredOrder) -> pb.Order:
    placed_at = Timestamp()
    placed_at.FromDatetime(order.order_date)
    return pb.Order(
        order_id=order.order_id,
        book_id=order.book_id,
        user_id=order.user_id,
        price=f"{order.price:.2f}",
        quantity=order.quantity,
        status=STATUS_NUMBERS[order.status],
        title=order.title,
        authors=order.authors,
        url=order.url,
        create_time=placed_at,
    )


def _order_state(state: OrderState) -> pb.Order:
    return pb.Order(
        order_id=state.order_id,
        book_id=state.book_id,
        quantity=state.quantity,
        status=STATUS_NUMBERS[state.status],
    )


def _event(leased: LeasedEvent) -> pb.OrderEvent:
    event = parse_order_message(
        leased.payload, event_id=leased.event_id, request_id=leased.request_id, attempt=leased.attempts
    )
    event.lease_token = leased.lease_token
    return event


def _settlement(settlement: pb.EventSettlement) -> Settlement:
    event_id, token = settlement.event_id, settlement.lease_token
    match settlement.WhichOneof("settlement"):
        case "done":
            return Done(event_id, token)
        case "retry":
            return Retry(event_id, token, settlement.retry.delay.ToTimedelta())
        case _:
            return Reject(event_id, token, settlement.reject.reason)


def _dead_event(event: DeadEvent) -> pb.DeadEvent:
    message = pb.DeadEvent(
        event_id=event.event_id,
        order_id=event.order_id,
        reason=event.reason,
        attempts=event.attempts,
        request_id=event.request_id,
        payload=event.payload,
    )
    if event.dead_at is not None:
        message.reject_time.FromDatetime(event.dead_at)
    return message
