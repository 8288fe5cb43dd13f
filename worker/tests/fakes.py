"""Stand-ins for the services that the worker calls."""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import grpc
import grpc.aio
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2 as pb
from google.protobuf.any_pb2 import Any as Packed
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from worker.handler import Outcome

SETTLEMENTS = {"done": Outcome.DONE, "retry": Outcome.RETRY, "reject": Outcome.REJECT}


def rpc_error(code: grpc.StatusCode, reason: str = "") -> grpc.aio.AioRpcError:
    """What a failed call raises, with its reason in the details."""
    packed = Packed()
    packed.Pack(ErrorInfo(reason=reason))
    status = Status(code=code.value[0], message="no", details=[packed])
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, "no")


@dataclass
class FakeBooks:
    """Counts each order once, as the real one does; fails with what is in `failing`, one after another."""

    stock: int = 5
    failing: list[grpc.aio.AioRpcError] = field(default_factory=list)
    counted: dict[int, bool] = field(default_factory=dict)
    after_counting: bool = False
    calls: int = 0

    async def Decrement(self, request: books_pb2.DecrementRequest) -> books_pb2.DecrementResponse:  # noqa: N802 - the stub's name
        """Takes copies; with `after_counting` it fails when it has taken them: the answer got lost."""
        (response,) = await self._decrement([request])
        return response

    async def BatchDecrement(self, request: books_pb2.BatchDecrementRequest) -> books_pb2.BatchDecrementResponse:  # noqa: N802 - the stub's name
        """Takes the copies of many orders."""
        return books_pb2.BatchDecrementResponse(responses=await self._decrement(request.requests))

    async def _decrement(self, requests: Iterable[books_pb2.DecrementRequest]) -> list[books_pb2.DecrementResponse]:
        self.calls += 1
        if self.failing and not self.after_counting:
            raise self.failing.pop(0)
        responses = [self._count(request) for request in requests]
        if self.failing:
            raise self.failing.pop(0)
        return responses

    def _count(self, request: books_pb2.DecrementRequest) -> books_pb2.DecrementResponse:
        if request.order_id not in self.counted:
            self.counted[request.order_id] = enough = request.quantity <= self.stock
            self.stock -= request.quantity if enough else 0
        if self.counted[request.order_id]:
            return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_APPLIED)
        return books_pb2.DecrementResponse(outcome=books_pb2.DECREMENT_OUTCOME_REJECTED)


@dataclass
class FakeOrders:
    """Leases and settles events like the real one, and keeps the status of orders; a carrier of the conformance."""

    failing: list[grpc.aio.AioRpcError] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    waiting: list[pb.OrderEvent] = field(default_factory=list)
    settlements: list[pb.EventSettlement] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    leases: list[pb.LeaseEventsRequest] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    down: bool = False
    orders_of: dict[str, int] = field(default_factory=dict)
    tokens_of: dict[str, str] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def SetStatus(self, request: pb.SetStatusRequest) -> pb.SetStatusResponse:  # noqa: N802 - the stub's name
        """Ends an order."""
        if self.failing:
            raise self.failing.pop(0)
        if self.statuses.setdefault(request.order_id, request.status) != request.status:
            raise rpc_error(grpc.StatusCode.FAILED_PRECONDITION, "ORDER_ENDED")
        return pb.SetStatusResponse()

    async def BatchSetStatus(self, request: pb.BatchSetStatusRequest) -> pb.BatchSetStatusResponse:  # noqa: N802 - the stub's name
        """Ends all of the orders, or none."""
        if self.failing:
            raise self.failing.pop(0)
        for each in request.requests:
            if self.statuses.get(each.order_id, each.status) != each.status:
                raise rpc_error(grpc.StatusCode.FAILED_PRECONDITION, "ORDER_ENDED")
        self.statuses |= {each.order_id: each.status for each in request.requests}
        return pb.BatchSetStatusResponse()

    async def LeaseEvents(self, request: pb.LeaseEventsRequest) -> pb.LeaseEventsResponse:  # noqa: N802 - the stub's name
        """Hands events out, and waits for a first one."""
        self._fail_when_down()
        self.leases.append(request)
        while not self.waiting:
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), request.wait.ToTimedelta().total_seconds())
            self._fail_when_down()
        events, self.waiting = self.waiting[: request.max_events], self.waiting[request.max_events :]
        self.before_answer()
        return pb.LeaseEventsResponse(events=events)

    async def AckEvents(self, request: pb.AckEventsRequest) -> pb.AckEventsResponse:  # noqa: N802 - the stub's name
        """Notes what became of events."""
        self._fail_when_down()
        assert all(self.tokens_of[each.event_id] == each.lease_token for each in request.settlements)
        self.batches.append(len(request.settlements))
        self.settlements += request.settlements
        return pb.AckEventsResponse()

    async def put(self, number: int) -> list[int]:
        """Makes that many new events ready."""
        first = len(self.orders_of) + 1
        events = [
            pb.OrderEvent(
                event_id=str(uuid.uuid4()), order_id=order_id, book_id=1, quantity=1, lease_token=str(uuid.uuid4())
            )
            for order_id in range(first, first + number)
        ]
        self.orders_of |= {event.event_id: event.order_id for event in events}
        self.tokens_of |= {event.event_id: event.lease_token for event in events}
        self.waiting += events
        self._arrived.set()
        return [event.order_id for event in events]

    async def settled(self) -> dict[int, Outcome]:
        """The last outcome of each order."""
        return {
            self.orders_of[each.event_id]: SETTLEMENTS[str(each.WhichOneof("settlement"))] for each in self.settlements
        }

    async def go_down(self) -> None:
        """Every call fails from now on."""
        self.down = True
        self._arrived.set()

    async def come_back(self) -> None:
        """Calls are answered again."""
        self.down = False

    def _fail_when_down(self) -> None:
        if self.down:
            raise rpc_error(grpc.StatusCode.UNAVAILABLE)
