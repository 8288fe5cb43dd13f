"""Blocking functions run in as few threads as possible, and never late."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from mesh import pools
from mesh.context import CallContext, current_call
from mesh.errors import ResourceExhausted
from mesh.pools import ThreadPool
from mesh.testing import wait_until, wait_until_async

pytestmark = pytest.mark.unit

TIMEOUT_SECONDS = 10.0


class Gate:
    """A function that blocks until the gate is open, and counts its runs."""

    def __init__(self) -> None:
        self.running = 0
        self.opened = threading.Event()

    def __call__(self) -> str:
        """Wait for the gate, and return the name of the thread."""
        self.running += 1
        assert self.opened.wait(TIMEOUT_SECONDS)
        return threading.current_thread().name


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return a gate that is open at the end."""
    gate = Gate()
    yield gate
    gate.opened.set()


def run(claim: Callable[[], Awaitable[None]]) -> None:
    """Run a claim with a time limit."""

    async def in_time() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await claim()

    asyncio.run(in_time())


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true."""

    async def is_true() -> bool:
        return condition()

    await wait_until_async(is_true)


def test_a_function_runs_in_the_context_of_its_caller() -> None:
    """The current call is the same in the thread; the result and an error reach the caller."""

    async def claim() -> None:
        pool = ThreadPool("test", 1)
        current_call.set(CallContext("id-1"))
        call = await pool.run(current_call.get)
        assert call is not None
        assert call.request_id == "id-1"
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        pool.close()

    run(claim)


def test_quick_functions_share_one_thread() -> None:
    """More threads would only take the interpreter's lock from each other."""

    async def claim() -> None:
        pool = ThreadPool("test", 8)
        names = await asyncio.gather(*(pool.run(lambda: threading.current_thread().name) for _ in range(50)))
        assert set(names) == {"test 1"}
        pool.close()

    run(claim)


def test_functions_that_block_get_more_threads_up_to_the_limit(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function does not wait for one that waits for a lock; later the additional threads end."""
    monkeypatch.setattr(pools, "IDLE_SECONDS", 0.05)

    async def claim() -> None:
        pool = ThreadPool("test", 3)
        waiting = [asyncio.create_task(pool.run(gate)) for _ in range(5)]
        await until(lambda: gate.running == 3)
        await asyncio.sleep(5 * pools.GROWTH_SECONDS)
        assert gate.running == 3
        gate.opened.set()
        assert set(await asyncio.gather(*waiting)) == {"test 1", "test 2", "test 3"}
        await until(lambda: pool._threads == 1)
        assert await pool.run(lambda: "still works") == "still works"
        pool.close()

    run(claim)


def test_a_full_queue_refuses_at_once(gate: Gate) -> None:
    """The caller learns when to try again."""

    async def claim() -> None:
        pool = ThreadPool("test", 1, max_waiting=2)
        running = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.running == 1)
        waiting = [asyncio.create_task(pool.run(gate)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ResourceExhausted) as raised:
            await pool.run(gate)
        assert (raised.value.reason, raised.value.metadata) == ("SERVER_BUSY", {"retry_after": "1"})
        gate.opened.set()
        await asyncio.gather(running, *waiting)
        pool.close()

    run(claim)


def test_a_function_whose_caller_has_gone_or_is_late_is_not_run(gate: Gate) -> None:
    """It would only make others wait."""
    runs: list[str] = []

    async def claim() -> None:
        pool = ThreadPool("test", 1)
        running = asyncio.create_task(pool.run(gate))
        await until(lambda: gate.running == 1)
        gone = asyncio.create_task(pool.run(runs.append, "gone"))
        current_call.set(CallContext(deadline=time.monotonic()))
        late = asyncio.create_task(pool.run(runs.append, "late"))
        await asyncio.sleep(0)
        gone.cancel()
        gate.opened.set()
        await running
        with pytest.raises(ResourceExhausted):
            await late
        assert runs == []
        pool.close()

    run(claim)


def test_a_closed_pool_has_no_threads(gate: Gate) -> None:
    """They end when their functions do."""

    async def claim() -> None:
        pool = ThreadPool("closing", 2)
        running = [asyncio.create_task(pool.run(gate)) for _ in range(2)]
        await until(lambda: gate.running == 2)
        pool.close()
        gate.opened.set()
        await asyncio.gather(*running)

    run(claim)
    wait_until(lambda: not [each for each in threading.enumerate() if each.name.startswith("closing")])
