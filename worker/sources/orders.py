"""Events without a broker: leased from the orders service over gRPC."""

import asyncio
import functools
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
from bookstore.orders.v1 import orders_pb2 as pb

from mesh import logs
from mesh.client import Failure, parse_failure
from worker.handler import Outcome, Result
from worker.sources.base import EventHandler

if TYPE_CHECKING:  # the generated module has this name for type checkers only
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

LEASE_WAIT = timedelta(seconds=20)
"""Time that the service waits for a first event before it responds without one."""
LOST_LEASE_SECONDS = 30.0
"""Time for which requests name a lease whose response did not arrive. While the service has not noticed that the
connection is dead, it may still lease events for the lost request."""
LEASE_WAIT_AFTER_LOSS = timedelta(seconds=5)
"""The same as `LEASE_WAIT` in this time, so that such events are found soon."""
MAX_LOST_LEASES = 10
"""The contract's limit; the newest ones are named."""
MAX_SETTLEMENTS = 500
"""Settlements in one call."""
MAX_REASON_LENGTH = 255
"""The contract's limit for the reason of a rejection, in characters."""
CALL_RETRY_SECONDS = 0.5
"""Pause after a call to the service failed."""
RETRY_DELAYS_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Delay before an event is delivered again, by the number of earlier deliveries; the last one is also the maximum."""

log = logs.get("worker.orders_source")


class OrdersSource:
    """Leases events from the orders service and settles them in batches.

    Args:
        orders: stub of the orders service.
        concurrency: maximum number of orders in work at the same time.
        lease: time after which another worker gets an unsettled event.
        call_retry_seconds: pause after a call to the service failed.
    """

    def __init__(
        self,
        orders: "OrdersAsyncStub",
        concurrency: int,
        lease: timedelta,
        call_retry_seconds: float = CALL_RETRY_SECONDS,
    ) -> None:
        self._orders = orders
        self._concurrency = concurrency
        self._lease = lease
        self._call_retry_seconds = call_retry_seconds
        self._stopping = asyncio.Event()
        self._connected = False
        self._last_failure: grpc.StatusCode | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._task_finished = asyncio.Event()
        self._settlements: asyncio.Queue[pb.EventSettlement | None] = asyncio.Queue()
        self._lost_leases: dict[str, float] = {}

    def stop(self) -> None:
        """Take no more events and let `run` return."""
        self._stopping.set()
        self._task_finished.set()

    def connected(self) -> bool:
        """Return whether the last call for events succeeded."""
        return self._connected

    async def run(self, handle: EventHandler) -> None:
        """Hand over events until `stop`, then give unfinished ones back to the service."""
        settling = asyncio.create_task(self._keep_settling())
        while not self._stopping.is_set():
            for event in await self._next_events():
                task = asyncio.create_task(self._process(event, handle))
                self._running.add(task)
                task.add_done_callback(functools.partial(self._on_finished, event))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._settlements.put_nowait(None)
        await settling

    async def _next_events(self) -> list[pb.OrderEvent]:
        """Lease as many events as may be in work in addition; wait when there is no room for any."""
        self._task_finished.clear()
        room = self._concurrency - len(self._running)
        if room <= 0:
            await self._task_finished.wait()
            return []
        request = self._lease_request(room)
        leasing = asyncio.ensure_future(self._lease_events(request))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({leasing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not leasing.done():  # the service gives its events to another worker, at the latest when the lease ends
            leasing.cancel()
            return []
        return leasing.result()

    def _lease_request(self, max_events: int) -> pb.LeaseEventsRequest:
        now = time.monotonic()
        self._lost_leases = {token: until for token, until in self._lost_leases.items() if until > now}
        request = pb.LeaseEventsRequest(max_events=max_events, lease_token=str(uuid.uuid4()))
        request.lost_lease_tokens.extend(list(self._lost_leases)[-MAX_LOST_LEASES:])
        request.lease.FromTimedelta(self._lease)
        request.wait.FromTimedelta(LEASE_WAIT_AFTER_LOSS if self._lost_leases else LEASE_WAIT)
        return request

    async def _lease_events(self, request: pb.LeaseEventsRequest) -> list[pb.OrderEvent]:
        try:
            response = await self._orders.LeaseEvents(request)
        except grpc.RpcError as error:
            self._connected = False
            self._log_failure(parse_failure(error))
            self._lost_leases[request.lease_token] = time.monotonic() + LOST_LEASE_SECONDS
            await asyncio.sleep(self._call_retry_seconds)
            return []
        self._connected, self._last_failure = True, None
        return list(response.events)

    def _log_failure(self, failure: Failure) -> None:
        """Log a failure once, not at each attempt until it is over."""
        if failure.code != self._last_failure:
            log.warning("leasing failed", code=failure.code.name, reason=failure.message)
        self._last_failure = failure.code

    async def _process(self, event: pb.OrderEvent, handle: EventHandler) -> None:
        try:
            result = await handle(event)
        except Exception as error:
            log.exception("handler failed", order_id=event.order_id)
            result = Result(Outcome.RETRY, type(error).__name__)
        self._settlements.put_nowait(_settlement(event, result))

    def _on_finished(self, event: pb.OrderEvent, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._task_finished.set()
        if task.cancelled():  # at any point, even before its start: repeating the order's calls changes nothing
            self._settlements.put_nowait(_retry(event, timedelta()))

    async def _keep_settling(self) -> None:
        ended = False
        while not ended:
            batch = [await self._settlements.get()]
            while len(batch) < MAX_SETTLEMENTS and not self._settlements.empty():
                batch.append(self._settlements.get_nowait())
            ended = None in batch
            await self._settle([settlement for settlement in batch if settlement is not None])

    async def _settle(self, batch: list[pb.EventSettlement]) -> None:
        """Try to settle a batch until the source stops; unsettled events return when their lease ends."""
        while batch:
            try:
                await self._orders.AckEvents(pb.AckEventsRequest(settlements=batch))
            except grpc.RpcError as error:
                log.warning("settling failed", events=len(batch), code=parse_failure(error).code.name)
                if self._stopping.is_set():
                    return
                await asyncio.sleep(self._call_retry_seconds)
            else:
                return


def retry_delay_seconds(attempt: int) -> float:
    """Return the delay before an event with `attempt` earlier deliveries is delivered again."""
    return RETRY_DELAYS_SECONDS[min(attempt, len(RETRY_DELAYS_SECONDS) - 1)]


def _settlement(event: pb.OrderEvent, result: Result) -> pb.EventSettlement:
    if result.outcome is Outcome.DONE:
        return pb.EventSettlement(
            event_id=event.event_id, lease_token=event.lease_token, done=pb.EventSettlement.Done()
        )
    if result.outcome is Outcome.REJECT:
        reject = pb.EventSettlement.Reject(reason=result.reason[:MAX_REASON_LENGTH])
        return pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, reject=reject)
    return _retry(event, timedelta(seconds=retry_delay_seconds(event.attempt)))


def _retry(event: pb.OrderEvent, delay: timedelta) -> pb.EventSettlement:
    retry = pb.EventSettlement.Retry()
    retry.delay.FromTimedelta(delay)
    return pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, retry=retry)
