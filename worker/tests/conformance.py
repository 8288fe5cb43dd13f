"""What every source of events has to keep, whatever carries them: subclass `Conformance` and answer a `Carrier`.

A carrier is the other end of a source: it puts events in, and tells what became of them.
"""

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bookstore.orders.v1.orders_pb2 import OrderEvent

from worker.handler import Outcome, Result
from worker.source import Handle, Source

PATIENCE = 10.0
"""Seconds after which a claim has failed."""


class Carrier(Protocol):
    """Puts events in, and tells what became of them."""

    async def put(self, number: int) -> list[int]:
        """Makes that many new events ready; answers the ids of their orders."""

    async def settled(self) -> dict[int, Outcome]:
        """The last outcome of each order whose event is settled; RETRY for one that was given back."""

    async def go_down(self) -> None:
        """Stops answering."""

    async def come_back(self) -> None:
        """Answers again."""


Connected = AbstractAsyncContextManager[tuple[Source, Carrier]]


class Recorder:
    """A handler that notes what it works on, and how many events at once."""

    def __init__(self, work: Callable[[OrderEvent], Awaitable[Result]]) -> None:
        self.seen: list[int] = []
        self.most = 0
        self._now = 0
        self._work = work

    async def handle(self, event: OrderEvent) -> Result:
        """Works on an event."""
        self.seen.append(event.order_id)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await self._work(event)
        finally:
            self._now -= 1


class Running:
    """A source that runs until the block is left."""

    def __init__(self, source: Source, handle: Handle) -> None:
        self._source = source
        self._handle = handle

    async def __aenter__(self) -> None:
        """Starts it."""
        self._task = asyncio.create_task(self._source.run(self._handle))

    async def __aexit__(self, *_: object) -> None:
        """Stops it, and waits until it has ended."""
        self._source.stop()
        await asyncio.wait_for(self._task, PATIENCE)


async def done(_: OrderEvent) -> Result:
    """Works off everything."""
    return Result(Outcome.DONE)


async def for_ever(_: OrderEvent) -> Result:
    """Never ends."""
    await asyncio.Event().wait()
    raise AssertionError


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - a broker tells nobody that it has settled something
            await asyncio.sleep(0.005)


class Conformance(ABC):
    """The claims. Names of the tests are sentences about the source."""

    overlapping = 1.0
    """Seconds in which 512 orders of 0.2 seconds end, from a standing start."""

    @abstractmethod
    def connected(self, concurrency: int) -> Connected:
        """A source of that concurrency and its carrier."""

    def run(self, claim: Callable[[Source, Carrier], Awaitable[None]], concurrency: int = 512) -> None:
        """Runs a claim on a fresh source."""

        async def connected() -> None:
            async with self.connected(concurrency) as (source, carrier):
                await claim(source, carrier)

        asyncio.run(connected())

    def test_every_event_is_handed_over_and_settled(self) -> None:
        """Once each, with the outcome that the handler answered."""

        async def claim(source: Source, carrier: Carrier) -> None:
            orders = await carrier.put(30)
            answers = dict(zip(orders, [Outcome.DONE, Outcome.REJECT, Outcome.RETRY] * 10, strict=True))

            async def answer(event: OrderEvent) -> Result:
                return Result(answers[event.order_id], "why")

            recorder = Recorder(answer)

            async def all_settled() -> bool:
                return await carrier.settled() == answers

            async with Running(source, recorder.handle):
                await until(all_settled)
            assert sorted(recorder.seen) == orders

        self.run(claim)

    def test_events_that_come_later_are_handed_over_too(self) -> None:
        """A source that found nothing goes on waiting."""

        async def claim(source: Source, carrier: Carrier) -> None:
            async with Running(source, Recorder(done).handle):
                for number in (1, 2, 3):
                    orders = await carrier.put(number)

                    async def all_done(wanted: list[int] = orders) -> bool:
                        return set(wanted) <= set(await carrier.settled())

                    await until(all_done)

        self.run(claim)

    def test_five_hundred_orders_overlap_on_one_thread(self) -> None:
        """512 orders of 0.2 seconds each end in a second or a few, not in 102, and no thread is made for them."""

        async def claim(source: Source, carrier: Carrier) -> None:
            threads: set[int] = set()

            async def work(_: OrderEvent) -> Result:
                await asyncio.sleep(0.2)
                threads.add(threading.get_ident())
                return Result(Outcome.DONE)

            recorder = Recorder(work)

            async def all_done() -> bool:
                return len(await carrier.settled()) == 512

            await carrier.put(512)
            started = time.monotonic()
            async with Running(source, recorder.handle):
                await until(all_done)
                assert time.monotonic() - started < self.overlapping
            assert recorder.most == 512
            assert threads == {threading.get_ident()}

        self.run(claim)

    def test_it_knows_whether_it_can_get_events(self) -> None:
        """Not before it runs, nor while the other end is down; an operator's check asks."""

        async def claim(source: Source, carrier: Carrier) -> None:
            async def connected() -> bool:
                return source.connected()

            async def cut_off() -> bool:
                return not source.connected()

            assert not source.connected()
            async with Running(source, Recorder(done).handle):
                await carrier.put(1)
                await until(connected)
                await carrier.go_down()
                await until(cut_off)
                await carrier.come_back()
                await carrier.put(1)
                await until(connected)

        self.run(claim)

    def test_no_more_than_its_concurrency_at_once(self) -> None:
        """Ten of a hundred are worked on, never eleven; all are in the end."""

        async def claim(source: Source, carrier: Carrier) -> None:
            async def work(_: OrderEvent) -> Result:
                await asyncio.sleep(0.002)
                return Result(Outcome.DONE)

            recorder = Recorder(work)

            async def all_done() -> bool:
                return len(await carrier.settled()) == 100

            await carrier.put(100)
            async with Running(source, recorder.handle):
                await until(all_done)
            assert recorder.most == 10

        self.run(claim, concurrency=10)

    def test_a_slow_order_does_not_hold_the_others_up(self) -> None:
        """One that never ends takes one place, and the rest goes on through the other."""

        async def claim(source: Source, carrier: Carrier) -> None:
            orders = await carrier.put(20)

            async def work(event: OrderEvent) -> Result:
                return await (for_ever if event.order_id == orders[0] else done)(event)

            async def others_done() -> bool:
                return set(await carrier.settled()) == set(orders[1:])

            async with Running(source, Recorder(work).handle):
                await until(others_done)

        self.run(claim, concurrency=2)

    def test_an_error_in_the_work_is_a_retry(self) -> None:
        """A mistake of ours loses no event, and stops neither the others nor the source."""

        async def claim(source: Source, carrier: Carrier) -> None:
            orders = await carrier.put(10)

            async def work(event: OrderEvent) -> Result:
                if event.order_id == orders[3]:
                    message = "a mistake"
                    raise ValueError(message)
                return Result(Outcome.DONE)

            async def all_settled() -> bool:
                return len(await carrier.settled()) == 10

            async with Running(source, Recorder(work).handle):
                await until(all_settled)
            outcomes = await carrier.settled()
            assert outcomes.pop(orders[3]) is Outcome.RETRY
            assert set(outcomes.values()) == {Outcome.DONE}

        self.run(claim)

    def test_stopping_gives_back_what_is_not_finished(self) -> None:
        """Every event that was taken is ready for the next worker at once."""

        async def claim(source: Source, carrier: Carrier) -> None:
            orders = await carrier.put(20)
            recorder = Recorder(for_ever)

            async def all_taken() -> bool:
                return len(recorder.seen) == 20

            async with Running(source, recorder.handle):
                await until(all_taken)
            assert await carrier.settled() == dict.fromkeys(orders, Outcome.RETRY)

        self.run(claim)

    def test_stopping_while_idle_is_quick(self) -> None:
        """Nobody waits for events that do not come."""

        async def claim(source: Source, carrier: Carrier) -> None:
            started = time.monotonic()
            async with Running(source, Recorder(done).handle):
                await asyncio.sleep(0.05)
            assert time.monotonic() - started < 2

        self.run(claim)

    def test_a_carrier_that_goes_down_and_comes_back_is_waited_for(self) -> None:
        """What was in work when it went is settled when it is back, and new events are taken."""

        async def claim(source: Source, carrier: Carrier) -> None:
            finish = asyncio.Event()

            async def work(_: OrderEvent) -> Result:
                await finish.wait()
                return Result(Outcome.DONE)

            orders = await carrier.put(5)
            recorder = Recorder(work)

            async def all_taken() -> bool:
                return len(recorder.seen) == 5

            async with Running(source, recorder.handle):
                await until(all_taken)
                await carrier.go_down()
                finish.set()
                await asyncio.sleep(0.05)
                await carrier.come_back()
                orders += await carrier.put(5)

                async def all_done() -> bool:
                    return set(orders) <= {o for o, s in (await carrier.settled()).items() if s is Outcome.DONE}

                await until(all_done)

        self.run(claim)

    def test_stopping_while_the_carrier_is_down_ends(self) -> None:
        """Nobody waits for ever to give something back."""

        async def claim(source: Source, carrier: Carrier) -> None:
            recorder = Recorder(for_ever)
            await carrier.put(3)

            async def all_taken() -> bool:
                return len(recorder.seen) == 3

            started = time.monotonic()
            async with Running(source, recorder.handle):
                await until(all_taken)
                await carrier.go_down()
            assert time.monotonic() - started < 5

        self.run(claim)
