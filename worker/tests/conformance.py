"""The requirements of every source of events: subclass `SourceConformance` and return a source with its backend.

A backend is the other end of a source: it makes events available and records how the source settled them.
"""

import asyncio
import functools
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh.testing import wait_until_async
from worker.handler import Outcome, Result
from worker.sources.base import EventHandler, Source

TEST_TIMEOUT_SECONDS = 10.0


class Backend(Protocol):
    """Makes events available and records how they were settled."""

    async def add_events(self, count: int) -> list[int]:
        """Make new events available and return the ids of their orders."""

    def outcomes(self) -> dict[int, Outcome]:
        """Return the last outcome of each order whose event is settled; RETRY for an event that was given back."""

    async def go_down(self) -> None:
        """Stop responding."""

    async def come_back(self) -> None:
        """Respond again."""


SourceWithBackend = AbstractAsyncContextManager[tuple[Source, Backend]]


class Recorder:
    """An event handler that records the orders and how many of them are in work at the same time."""

    def __init__(self, work: Callable[[OrderEvent], Awaitable[Result]]) -> None:
        self.order_ids: list[int] = []
        self.max_concurrent = 0
        self._concurrent = 0
        self._work = work

    async def handle(self, event: OrderEvent) -> Result:
        """Record the event and do its work."""
        self.order_ids.append(event.order_id)
        self._concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self._concurrent)
        try:
            return await self._work(event)
        finally:
            self._concurrent -= 1


@asynccontextmanager
async def running_source(source: Source, handle: EventHandler) -> AsyncIterator[None]:
    """Run a source for the duration of the block, then stop it and wait for its end."""
    task = asyncio.create_task(source.run(handle))
    try:
        yield
    finally:
        source.stop()
        await asyncio.wait_for(task, TEST_TIMEOUT_SECONDS)


async def finish(_: OrderEvent) -> Result:
    """Finish any order."""
    return Result(Outcome.DONE)


async def never_finish(_: OrderEvent) -> Result:
    """Wait until the task is cancelled."""
    await asyncio.Event().wait()
    raise AssertionError


async def wait_for(condition: Callable[[], object]) -> None:
    """Poll a plain function until it returns something true, without blocking the event loop."""

    async def check() -> object:
        return condition()

    await wait_until_async(check, TEST_TIMEOUT_SECONDS)


class SourceConformance(ABC):
    """The requirements. The names of the tests are sentences about the source."""

    overlap_limit_seconds = 1.0
    """Time limit for 512 orders of 0.2 seconds each, from a standing start."""

    @abstractmethod
    def connect(self, concurrency: int) -> SourceWithBackend:
        """Return a source with this concurrency, and its backend."""

    def check(self, claim: Callable[[Source, Backend], Awaitable[None]], concurrency: int = 512) -> None:
        """Check a claim on a new source."""

        async def run() -> None:
            async with self.connect(concurrency) as (source, backend):
                await claim(source, backend)

        asyncio.run(run())

    def test_every_event_is_handed_over_and_settled(self) -> None:
        """Each event is handled once and settled with the handler's outcome."""

        async def claim(source: Source, backend: Backend) -> None:
            order_ids = await backend.add_events(30)
            expected = dict(zip(order_ids, [Outcome.DONE, Outcome.REJECT, Outcome.RETRY] * 10, strict=True))

            async def work(event: OrderEvent) -> Result:
                return Result(expected[event.order_id], "reason")

            recorder = Recorder(work)
            async with running_source(source, recorder.handle):
                await wait_for(lambda: backend.outcomes() == expected)
            assert sorted(recorder.order_ids) == order_ids

        self.check(claim)

    def test_events_that_come_later_are_handed_over_too(self) -> None:
        """A source without events keeps waiting for new ones."""

        async def claim(source: Source, backend: Backend) -> None:
            def is_settled(order_ids: set[int]) -> bool:
                return order_ids <= set(backend.outcomes())

            async with running_source(source, Recorder(finish).handle):
                for count in (1, 2, 3):
                    order_ids = set(await backend.add_events(count))
                    await wait_for(functools.partial(is_settled, order_ids))

        self.check(claim)

    def test_five_hundred_orders_overlap_on_one_thread(self) -> None:
        """512 orders of 0.2 seconds each take a second or a few, not 102, and no thread is started for them."""

        async def claim(source: Source, backend: Backend) -> None:
            threads: set[int] = set()

            async def work(_: OrderEvent) -> Result:
                await asyncio.sleep(0.2)
                threads.add(threading.get_ident())
                return Result(Outcome.DONE)

            recorder = Recorder(work)
            await backend.add_events(512)
            started = time.monotonic()
            async with running_source(source, recorder.handle):
                await wait_for(lambda: len(backend.outcomes()) == 512)
                assert time.monotonic() - started < self.overlap_limit_seconds
            assert recorder.max_concurrent == 512
            assert threads == {threading.get_ident()}

        self.check(claim)

    def test_a_source_reports_whether_it_can_get_events(self) -> None:
        """It cannot before it runs, nor while the backend is down; a health check relies on this."""

        async def claim(source: Source, backend: Backend) -> None:
            assert not source.connected()
            async with running_source(source, Recorder(finish).handle):
                await backend.add_events(1)
                await wait_for(source.connected)
                await backend.go_down()
                await wait_for(lambda: not source.connected())
                await backend.come_back()
                await backend.add_events(1)
                await wait_for(source.connected)

        self.check(claim)

    def test_no_more_orders_than_its_concurrency_are_in_work(self) -> None:
        """Of a hundred orders ten are in work at a time, never eleven, and all are finished in the end."""

        async def claim(source: Source, backend: Backend) -> None:
            async def work(_: OrderEvent) -> Result:
                await asyncio.sleep(0.002)
                return Result(Outcome.DONE)

            recorder = Recorder(work)
            await backend.add_events(100)
            async with running_source(source, recorder.handle):
                await wait_for(lambda: len(backend.outcomes()) == 100)
            assert recorder.max_concurrent == 10

        self.check(claim, concurrency=10)

    def test_a_slow_order_does_not_delay_the_others(self) -> None:
        """An order that never ends takes one of two places; the others use the second one."""

        async def claim(source: Source, backend: Backend) -> None:
            order_ids = await backend.add_events(20)

            async def work(event: OrderEvent) -> Result:
                return await (never_finish if event.order_id == order_ids[0] else finish)(event)

            async with running_source(source, Recorder(work).handle):
                await wait_for(lambda: set(backend.outcomes()) == set(order_ids[1:]))

        self.check(claim, concurrency=2)

    def test_an_exception_in_the_handler_is_a_retry(self) -> None:
        """A bug loses no event and stops neither the other orders nor the source."""

        async def claim(source: Source, backend: Backend) -> None:
            order_ids = await backend.add_events(10)

            async def work(event: OrderEvent) -> Result:
                if event.order_id == order_ids[3]:
                    message = "a bug"
                    raise ValueError(message)
                return Result(Outcome.DONE)

            async with running_source(source, Recorder(work).handle):
                await wait_for(lambda: len(backend.outcomes()) == 10)
            outcomes = dict(backend.outcomes())
            assert outcomes.pop(order_ids[3]) is Outcome.RETRY
            assert set(outcomes.values()) == {Outcome.DONE}

        self.check(claim)

    def test_stopping_gives_unfinished_events_back(self) -> None:
        """Every event that was taken is available to the next worker at once."""

        async def claim(source: Source, backend: Backend) -> None:
            order_ids = await backend.add_events(20)
            recorder = Recorder(never_finish)
            async with running_source(source, recorder.handle):
                await wait_for(lambda: len(recorder.order_ids) == 20)
            assert backend.outcomes() == dict.fromkeys(order_ids, Outcome.RETRY)

        self.check(claim)

    def test_stopping_while_idle_is_quick(self) -> None:
        """A source that waits for events stops without waiting for one."""

        async def claim(source: Source, _: Backend) -> None:
            started = time.monotonic()
            async with running_source(source, Recorder(finish).handle):
                await asyncio.sleep(0.05)
            assert time.monotonic() - started < 2

        self.check(claim)

    def test_a_source_continues_after_its_backend_was_down(self) -> None:
        """Orders that were in work are settled once the backend is back, and new events are taken."""

        async def claim(source: Source, backend: Backend) -> None:
            may_finish = asyncio.Event()

            async def work(_: OrderEvent) -> Result:
                await may_finish.wait()
                return Result(Outcome.DONE)

            order_ids = await backend.add_events(5)
            recorder = Recorder(work)

            def done() -> set[int]:
                return {order_id for order_id, outcome in backend.outcomes().items() if outcome is Outcome.DONE}

            async with running_source(source, recorder.handle):
                await wait_for(lambda: len(recorder.order_ids) == 5)
                await backend.go_down()
                may_finish.set()
                await asyncio.sleep(0.05)
                await backend.come_back()
                order_ids += await backend.add_events(5)
                await wait_for(lambda: set(order_ids) <= done())

        self.check(claim)

    def test_stopping_while_the_backend_is_down_ends(self) -> None:
        """A source does not wait without limit to give its events back."""

        async def claim(source: Source, backend: Backend) -> None:
            recorder = Recorder(never_finish)
            await backend.add_events(3)
            started = time.monotonic()
            async with running_source(source, recorder.handle):
                await wait_for(lambda: len(recorder.order_ids) == 3)
                await backend.go_down()
            assert time.monotonic() - started < 5

        self.check(claim)
