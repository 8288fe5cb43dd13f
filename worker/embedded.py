"""Events without a broker: leased from the orders service over gRPC."""

import asyncio
import functools
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
from bookstore.orders.v1 import orders_pb2 as pb

from mesh import logs
from mesh.client import Failure, parse_failure
from worker.handler import Outcome, Result
from worker.source import Handle, delay_before

if TYPE_CHECKING:  # the generated module has this name for type checkers only
    from bookstore.orders.v1.orders_pb2_grpc import OrdersAsyncStub

WAIT = timedelta(seconds=20)
"""How long the service waits for a first event before it answers that there is none."""
BATCH = 500
"""Events settled at once."""
PAUSE = 0.5
"""Seconds before asking a service again that did not answer."""

log = logs.get("worker.embedded")


class EmbeddedSource:
    """Leases events, and settles them in batches.

    Args:
        orders: stub of the orders service.
        concurrency: orders worked on at the same time.
        lease: how long an order may take before another worker gets it.
    """

    def __init__(self, orders: "OrdersAsyncStub", concurrency: int, lease: timedelta) -> None:
        self._orders = orders
        self._concurrency = concurrency
        self._lease = lease
        self._stopping = asyncio.Event()
        self._answered = False
        self._told: grpc.StatusCode | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._settled: asyncio.Queue[pb.EventSettlement | None] = asyncio.Queue()

    def stop(self) -> None:
        """Takes no more events."""
        self._stopping.set()
        self._room.set()

    def connected(self) -> bool:
        """Whether the service answered the last time."""
        return self._answered

    async def run(self, handle: Handle) -> None:
        """Hands over events until `stop`; gives those back that are not finished then, for the next worker."""
        settling = asyncio.create_task(self._keep_settling())
        while not self._stopping.is_set():
            for event in await self._next():
                task = asyncio.create_task(self._work(event, handle))
                self._running.add(task)
                task.add_done_callback(functools.partial(self._finished, event))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._settled.put_nowait(None)
        await settling

    async def _next(self) -> list[pb.OrderEvent]:
        """Leases as many events as there is room for."""
        self._room.clear()
        free = self._concurrency - len(self._running)
        if free <= 0:
            await self._room.wait()
            return []
        request = pb.LeaseEventsRequest(max_events=free)
        request.lease.FromTimedelta(self._lease)
        request.wait.FromTimedelta(WAIT)
        asking = asyncio.ensure_future(self._ask(request))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not asking.done():  # what it would have leased comes back when the lease ends
            asking.cancel()
            return []
        return asking.result()

    async def _ask(self, request: pb.LeaseEventsRequest) -> list[pb.OrderEvent]:
        try:
            events = list((await self._orders.LeaseEvents(request)).events)
        except grpc.RpcError as error:
            self._answered = False
            self._warn(parse_failure(error))
            await asyncio.sleep(PAUSE)
            return []
        self._answered, self._told = True, None
        return events

    def _warn(self, failed: Failure) -> None:
        """Says it once, not each half second until it is over."""
        if failed.code != self._told:
            log.warning("no events", code=failed.code.name, reason=failed.message)
        self._told = failed.code

    async def _work(self, event: pb.OrderEvent, handle: Handle) -> None:
        try:
            result = await handle(event)
        except Exception as error:
            log.exception("error", order_id=event.order_id)
            result = Result(Outcome.RETRY, type(error).__name__)
        self._settled.put_nowait(_settlement(event, result))

    def _finished(self, event: pb.OrderEvent, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.set()
        if task.cancelled():  # wherever it was, or not begun: repeating the order's calls changes nothing
            self._settled.put_nowait(_retry(event, timedelta()))

    async def _keep_settling(self) -> None:
        ended = False
        while not ended:
            batch = [await self._settled.get()]
            while len(batch) < BATCH and not self._settled.empty():
                batch.append(self._settled.get_nowait())
            ended = None in batch
            await self._settle([settlement for settlement in batch if settlement is not None])

    async def _settle(self, batch: list[pb.EventSettlement]) -> None:
        """Settles a batch however long it takes: all that is lost otherwise is time, when the leases end."""
        while batch:
            try:
                await self._orders.AckEvents(pb.AckEventsRequest(settlements=batch))
            except grpc.RpcError as error:
                log.warning("not settled", events=len(batch), code=parse_failure(error).code.name)
                if self._stopping.is_set():
                    return
                await asyncio.sleep(PAUSE)
            else:
                return


def _settlement(event: pb.OrderEvent, result: Result) -> pb.EventSettlement:
    if result.outcome is Outcome.DONE:
        return pb.EventSettlement(
            event_id=event.event_id, lease_token=event.lease_token, done=pb.EventSettlement.Done()
        )
    if result.outcome is Outcome.REJECT:
        reject = pb.EventSettlement.Reject(reason=result.reason[:255])
        return pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, reject=reject)
    return _retry(event, timedelta(seconds=delay_before(event.attempt)))


def _retry(event: pb.OrderEvent, delay: timedelta) -> pb.EventSettlement:
    retry = pb.EventSettlement.Retry()
    retry.delay.FromTimedelta(delay)
    return pb.EventSettlement(event_id=event.event_id, lease_token=event.lease_token, retry=retry)
