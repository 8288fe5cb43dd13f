"""Fakes of the services that the worker calls."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import grpc
import grpc.aio
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2 as pb
from google.protobuf.any_pb2 import Any as PackedAny
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from registry.order_statuses import STATUS_NAMES
from worker.handler import Outcome

OUTCOMES = {"done": Outcome.DONE, "retry": Outcome.RETRY, "reject": Outcome.REJECT}


def rpc_error(
    code: grpc.StatusCode, reason: str = "", metadata: Mapping[str, str] | None = None
) -> grpc.aio.AioRpcError:
    """Return the exception of a failed call with the reason and its metadata in the details."""
    packed = PackedAny()
    packed.Pack(ErrorInfo(reason=reason, metadata=metadata))
    status = Status(code=code.value[0], message="no", details=[packed])
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, "no")


@dataclass
class FakeBooks:
    """A books service that counts each order once, like the real one.

    Args:
        stock: copies left.
        failures: exceptions that the next calls raise, one each.
        decided: whether the copies were taken, by order.
        returned: orders that must not have copies.
        after_counting: raise the failures after the copies were taken, as if the response were lost.
        calls: number of calls.
    """

    stock: int = 5
    failures: list[grpc.aio.AioRpcError] = field(default_factory=list)
    decided: dict[int, bool] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)
    after_counting: bool = False
    calls: int = 0

    async def Decrement(self, request: books_pb2.DecrementRequest) -> books_pb2.DecrementResponse:  # noqa: N802 - the stub's name
        """Take the copies of one order."""
        (response,) = await self._decrement([request])
        return response

    async def BatchDecrement(self, request: books_pb2.BatchDecrementRequest) -> books_pb2.BatchDecrementResponse:  # noqa: N802 - the stub's name
        """Take the copies of many orders."""
        return books_pb2.BatchDecrementResponse(responses=await self._decrement(request.requests))

    async def Return(self, request: books_pb2.ReturnRequest) -> books_pb2.ReturnResponse:  # noqa: N802 - the stub's name
        """Put the copies of one order back."""
        await self.BatchReturn(books_pb2.BatchReturnRequest(requests=[request]))
        return books_pb2.ReturnResponse()

    async def BatchReturn(self, request: books_pb2.BatchReturnRequest) -> books_pb2.BatchReturnResponse:  # noqa: N802 - the stub's name
        """Put the copies of many orders back, each once."""
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        for each in request.requests:
            self.stock += each.quantity if self.decided.pop(each.order_id, False) else 0
            self.returned.add(each.order_id)
        return books_pb2.BatchReturnResponse(responses=[books_pb2.ReturnResponse()] * len(request.requests))

    async def _decrement(self, requests: Iterable[books_pb2.DecrementRequest]) -> list[books_pb2.DecrementResponse]:
        self.calls += 1
        if self.failures and not self.after_counting:
            raise self.failures.pop(0)
        responses = [self._decide(request) for request in requests]
        if self.failures:
            raise self.failures.pop(0)
        return responses

    def _decide(self, request: books_pb2.DecrementRequest) -> books_pb2.DecrementResponse:
        if request.order_id in self.returned:
            return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_RETURNED)
        if request.order_id not in self.decided:
            self.decided[request.order_id] = enough = request.quantity <= self.stock
            self.stock -= request.quantity if enough else 0
        if self.decided[request.order_id]:
            return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_APPLIED)
        return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_REJECTED)


@dataclass
class FakeOrders:
    """An orders service that leases and settles events like the real one; also a backend for the conformance tests.

    Args:
        failures: exceptions that the next status changes raise, one each.
        statuses: status by order.
        stored: book and quantity by order. Other orders exist, too, each with two copies of book 1.
        missing: orders that do not exist.
        settled: orders whose stock the worker reported as settled.
        waiting: events that no worker has leased.
        settlements: all settlements.
        batches: number of settlements in each call.
        leases: all requests for events.
        before_response: is called before events are returned.
        down: whether every call fails.
        reads: number of calls that read orders.
        order_ids: order by event.
        lease_tokens: token of the lease by event.
    """

    failures: list[grpc.aio.AioRpcError] = field(default_factory=list)
    statuses: "dict[int, pb.OrderStatus.ValueType]" = field(default_factory=dict)
    stored: dict[int, tuple[int, int]] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    waiting: list[pb.OrderEvent] = field(default_factory=list)
    settlements: list[pb.EventSettlement] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    leases: list[pb.LeaseEventsRequest] = field(default_factory=list)
    before_response: Callable[[], None] = lambda: None
    down: bool = False
    reads: int = 0
    order_ids: dict[str, int] = field(default_factory=dict)
    lease_tokens: dict[str, str] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def BatchGetOrders(self, request: pb.BatchGetOrdersRequest) -> pb.BatchGetOrdersResponse:  # noqa: N802 - the stub's name
        """Return the orders that exist."""
        self.reads += 1
        existing = [order_id for order_id in request.order_ids if order_id not in self.missing]
        return pb.BatchGetOrdersResponse(orders=map(self._order, existing))

    def _order(self, order_id: int) -> pb.Order:
        book_id, quantity = self.stored.get(order_id, (1, 2))
        status = self.statuses.get(order_id, pb.ORDER_STATUS_PENDING)
        return pb.Order(order_id=order_id, book_id=book_id, quantity=quantity, status=status)

    async def SetStatus(self, request: pb.SetStatusRequest) -> pb.SetStatusResponse:  # noqa: N802 - the stub's name
        """End an order."""
        await self.BatchSetStatus(pb.BatchSetStatusRequest(requests=[request]))
        return pb.SetStatusResponse()

    async def BatchSetStatus(self, request: pb.BatchSetStatusRequest) -> pb.BatchSetStatusResponse:  # noqa: N802 - the stub's name
        """End all of the orders, or none."""
        if self.failures:
            raise self.failures.pop(0)
        for each in request.requests:
            current = self.statuses.get(each.order_id, each.status)
            if current != each.status:
                metadata = {"status": STATUS_NAMES[current]}
                raise rpc_error(grpc.StatusCode.FAILED_PRECONDITION, "ORDER_ENDED", metadata)
        self.statuses |= {each.order_id: each.status for each in request.requests}
        self.settled |= {each.order_id for each in request.requests if each.stock_settled}
        return pb.BatchSetStatusResponse()

    async def LeaseEvents(self, request: pb.LeaseEventsRequest) -> pb.LeaseEventsResponse:  # noqa: N802 - the stub's name
        """Return events; wait for the first one."""
        self._fail_when_down()
        self.leases.append(request)
        while not self.waiting:
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), request.wait.ToTimedelta().total_seconds())
            self._fail_when_down()
        events, self.waiting = self.waiting[: request.max_events], self.waiting[request.max_events :]
        self.before_response()
        return pb.LeaseEventsResponse(events=events)

    async def AckEvents(self, request: pb.AckEventsRequest) -> pb.AckEventsResponse:  # noqa: N802 - the stub's name
        """Record settlements."""
        self._fail_when_down()
        assert all(self.lease_tokens[each.event_id] == each.lease_token for each in request.settlements)
        self.batches.append(len(request.settlements))
        self.settlements += request.settlements
        return pb.AckEventsResponse()

    async def add_events(self, count: int) -> list[int]:
        """Make new events available and return the ids of their orders."""
        first = len(self.order_ids) + 1
        events = [
            pb.OrderEvent(
                event_id=str(uuid.uuid4()), order_id=order_id, book_id=1, quantity=1, lease_token=str(uuid.uuid4())
            )
            for order_id in range(first, first + count)
        ]
        self.order_ids |= {event.event_id: event.order_id for event in events}
        self.lease_tokens |= {event.event_id: event.lease_token for event in events}
        self.waiting += events
        self._arrived.set()
        return [event.order_id for event in events]

    def outcomes(self) -> dict[int, Outcome]:
        """Return the last outcome of each order."""
        return {
            self.order_ids[each.event_id]: OUTCOMES[str(each.WhichOneof("settlement"))] for each in self.settlements
        }

    async def go_down(self) -> None:
        """Let every call fail."""
        self.down = True
        self._arrived.set()

    async def come_back(self) -> None:
        """Respond to calls again."""
        self.down = False

    def _fail_when_down(self) -> None:
        if self.down:
            raise rpc_error(grpc.StatusCode.UNAVAILABLE)
