"""Requests that arrive at the same time run in one batch; none waits for company, or for a batch that hangs."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from mesh.batching import MAX_BATCH_SIZE, AsyncBatcher, Batcher
from mesh.testing import wait_until, wait_until_async

pytestmark = pytest.mark.unit

TIMEOUT_SECONDS = 30.0
NEVER_SECONDS = 60.0
CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="")


class Doubler:
    """Doubles numbers, the number 1 only while `free` is set; records its batches, and raises `error` if it is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()
        self.error: BaseException | None = None

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        """Return twice each number."""
        self.batches.append(list(numbers))
        if 1 in numbers:
            assert self.free.wait(TIMEOUT_SECONDS)
        if self.error:
            raise self.error
        return [2 * number for number in numbers]


def submit_blocked(pool: ThreadPoolExecutor, doubler: Doubler, batcher: Batcher[int, int]) -> Future[int]:
    """Submit the number 1, and return when its batch runs; it runs until `doubler.free` is set."""
    doubler.free.clear()
    future = pool.submit(batcher.submit, 1)
    wait_until(lambda: doubler.batches)
    return future


def submit_waiting(pool: ThreadPoolExecutor, batcher: Batcher[int, int], numbers: Sequence[int]) -> list[Future[int]]:
    """Submit each number in a thread of its own, and return when all of them wait."""
    waiting = batcher.waiting
    futures = [pool.submit(batcher.submit, number) for number in numbers]
    wait_until(lambda: batcher.waiting == waiting + len(numbers))
    return futures


def test_a_request_that_arrives_alone_runs_alone_and_at_once() -> None:
    """It does not wait for others."""
    doubler = Doubler()
    batcher = Batcher(doubler, handover_seconds=NEVER_SECONDS)
    assert [batcher.submit(number) for number in (1, 2)] == [2, 4]
    assert doubler.batches == [[1], [2]]
    assert (batcher.waiting, batcher.running) == (0, False)


def test_requests_that_arrive_while_a_batch_runs_share_the_next() -> None:
    """Each caller gets its own response, also when two submit the same request."""
    doubler = Doubler()
    batcher = Batcher(doubler, handover_seconds=NEVER_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        first = submit_blocked(pool, doubler, batcher)
        others = submit_waiting(pool, batcher, [5, 3, 5, 4])
        doubler.free.set()
        assert first.result(TIMEOUT_SECONDS) == 2
        assert [other.result(TIMEOUT_SECONDS) for other in others] == [10, 6, 10, 8]
    assert [sorted(batch) for batch in doubler.batches] == [[1], [3, 4, 5, 5]]


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit()])
def test_an_error_is_raised_to_all_members_of_its_batch_and_to_no_other(error: BaseException) -> None:
    """No caller waits without end, even when the error ends a thread, and the next batch works."""
    doubler = Doubler()
    batcher = Batcher(doubler, handover_seconds=NEVER_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        first = submit_blocked(pool, doubler, batcher)
        others = submit_waiting(pool, batcher, [2, 3])
        doubler.error = error
        doubler.free.set()
        for future in (first, *others):
            with pytest.raises(type(error)):
                future.result(TIMEOUT_SECONDS)
    doubler.error = None
    assert batcher.submit(4) == 8


def test_too_few_responses_are_an_error() -> None:
    """No caller gets the response of another."""
    batcher: Batcher[int, int] = Batcher(lambda _: [])
    with pytest.raises(ValueError, match="shorter"):
        batcher.submit(1)


def test_a_batch_that_hangs_delays_only_its_own_members() -> None:
    """Later requests wait for the handover time, then run together in parallel to it."""
    doubler = Doubler()
    batcher = Batcher(doubler, handover_seconds=0.2)
    with ThreadPoolExecutor(8) as pool:
        stuck = submit_blocked(pool, doubler, batcher)
        others = submit_waiting(pool, batcher, [2, 3, 4])
        assert [other.result(TIMEOUT_SECONDS) for other in others] == [4, 6, 8]
        assert not stuck.done()
        assert batcher.submit(5) == 10
        doubler.free.set()
        assert stuck.result(TIMEOUT_SECONDS) == 2
    assert [sorted(batch) for batch in doubler.batches] == [[1], [2, 3, 4], [5]]


def test_a_batch_has_at_most_a_hundred_requests() -> None:
    """The contract allows no more; the rest is in the batch after it."""
    doubler = Doubler()
    batcher = Batcher(doubler, handover_seconds=NEVER_SECONDS)
    many = range(2, MAX_BATCH_SIZE + 52)
    with ThreadPoolExecutor(len(many) + 1) as pool:
        submit_blocked(pool, doubler, batcher)
        futures = submit_waiting(pool, batcher, many)
        doubler.free.set()
        assert [future.result(TIMEOUT_SECONDS) for future in futures] == [2 * number for number in many]
    assert [len(batch) for batch in doubler.batches] == [1, MAX_BATCH_SIZE, 50]


def test_every_request_runs_once_when_batches_overtake_each_other() -> None:
    """Many threads submit, with batches that last as long as the handover time."""

    def double(numbers: Sequence[int]) -> list[int]:
        done.extend(numbers)
        time.sleep(0.0005)
        return [2 * number for number in numbers]

    done: list[int] = []
    batcher = Batcher(double, handover_seconds=0.0005)
    numbers = range(4000)
    with ThreadPoolExecutor(32) as pool:
        results = pool.map(batcher.submit, numbers, timeout=NEVER_SECONDS)
        assert list(results) == [2 * number for number in numbers]
    assert sorted(done) == list(numbers)


class AsyncDoubler:
    """The same for asyncio; `free` releases what it runs, and the contexts of its runs are recorded."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.callers: list[str] = []
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None

    async def one(self, number: int) -> int:
        """Return twice the number."""
        (result,) = await self.many([number])
        return result

    async def many(self, numbers: list[int]) -> list[int]:
        """Return twice each number; -1 is an invalid request."""
        self.batches.append(numbers)
        self.callers.append(CALLER.get())
        if 1 in numbers:
            await self.free.wait()
        if self.error:
            raise self.error
        if -1 in numbers:
            raise LookupError
        return [2 * number for number in numbers]


def is_lookup_error(error: Exception) -> bool:
    """Return whether the number -1 caused the error."""
    return isinstance(error, LookupError)


def run_async(claim: Callable[[AsyncDoubler], Awaitable[None]]) -> None:
    """Run a claim with a time limit."""

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await claim(AsyncDoubler())

    asyncio.run(run())


async def submit_all(batcher: AsyncBatcher[int, int], numbers: Sequence[int]) -> list[int | BaseException]:
    """Submit each number in a task of its own, and return their results and errors."""
    return await asyncio.gather(*(batcher.submit(number) for number in numbers), return_exceptions=True)


async def submit_async_blocked(doubler: AsyncDoubler, batcher: AsyncBatcher[int, int]) -> asyncio.Task[int]:
    """Submit the number 1, and return when its call runs; it runs until `doubler.free` is set."""

    async def has_begun() -> bool:
        return bool(doubler.batches)

    doubler.free.clear()
    task = asyncio.create_task(batcher.submit(1))
    await wait_until_async(has_begun)
    return task


def test_async_requests_that_arrive_together_share_a_batch() -> None:
    """A request that arrives alone runs alone; requests that arrive while it runs share one batch, in order."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many, handover_seconds=None)
        first = await submit_async_blocked(doubler, batcher)
        others = asyncio.create_task(submit_all(batcher, [5, 3, 5]))
        await asyncio.sleep(0.1)
        assert doubler.batches == [[1]]
        doubler.free.set()
        assert (await first, await others) == (2, [10, 6, 10])
        assert doubler.batches == [[1], [5, 3, 5]]

    run_async(claim)


def test_an_async_batch_that_hangs_delays_only_its_own_members() -> None:
    """Later requests wait for the handover time, then run together in parallel to it."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many, handover_seconds=0.05)
        stuck = await submit_async_blocked(doubler, batcher)
        assert await submit_all(batcher, [2, 3, 4]) == [4, 6, 8]
        assert not stuck.done()
        doubler.free.set()
        assert await stuck == 2
        assert doubler.batches == [[1], [2, 3, 4]]

    run_async(claim)


def test_an_async_batch_has_at_most_a_hundred_requests() -> None:
    """The rest is in the batch after it."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many, handover_seconds=None)
        many = range(2, MAX_BATCH_SIZE + 52)
        assert await submit_all(batcher, many) == [2 * number for number in many]
        assert [len(batch) for batch in doubler.batches] == [MAX_BATCH_SIZE, 50]

    run_async(claim)


def test_an_invalid_request_fails_only_itself() -> None:
    """After a request error each member of the batch runs alone, and the batches after it are whole again."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many, is_request_error=is_lookup_error)
        results = await submit_all(batcher, [2, -1, 4])
        assert (results[0], type(results[1]), results[2]) == (4, LookupError, 8)
        assert doubler.batches == [[2, -1, 4], [2], [-1], [4]]
        assert await submit_all(batcher, [5, 6]) == [10, 12]

    run_async(claim)


def test_another_error_is_raised_to_all_members_of_its_async_batch() -> None:
    """The result of each request is unknown, so none of them is run again."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many, is_request_error=is_lookup_error)
        doubler.error = ZeroDivisionError()
        results = await submit_all(batcher, [2, 3, 4])
        assert [type(result) for result in results] == [ZeroDivisionError] * 3
        assert doubler.batches == [[2, 3, 4]]
        doubler.error = None
        assert await batcher.submit(5) == 10

    run_async(claim)


def test_a_caller_that_is_cancelled_takes_no_other_request_with_it() -> None:
    """Its batch still runs, and so do the batches after it."""

    async def claim(doubler: AsyncDoubler) -> None:
        batcher = AsyncBatcher(doubler.one, doubler.many)
        tasks = [asyncio.create_task(batcher.submit(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert results[1:] == [6, 8]
        assert await batcher.submit(5) == 10

    run_async(claim)


def test_only_a_request_that_runs_alone_runs_in_the_context_of_its_caller() -> None:
    """A batch belongs to none of its requests, so that it has neither the id nor the deadline of one."""

    async def claim(doubler: AsyncDoubler) -> None:
        CALLER.set("me")
        batcher = AsyncBatcher(doubler.one, doubler.many)
        await batcher.submit(2)
        await submit_all(batcher, [3, 4])
        assert doubler.callers == ["me", ""]

    run_async(claim)
