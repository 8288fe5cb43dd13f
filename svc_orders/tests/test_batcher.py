"""What is asked for at the same time is done in one go; nobody waits for company, or for somebody who is stuck."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from svc_orders.batcher import MOST, Batcher
from svc_orders.tests.conftest import PATIENCE, wait_until

pytestmark = pytest.mark.unit

FOREVER = 60.0


class Doubler:
    """Doubles numbers, the number 1 only while `free` is set; notes its batches, and can be made to fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()
        self.failing: BaseException | None = None

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        """Twice each number."""
        self.batches.append(list(numbers))
        if 1 in numbers:
            assert self.free.wait(PATIENCE)
        if self.failing:
            raise self.failing
        return [2 * number for number in numbers]


def held(pool: ThreadPoolExecutor, doubler: Doubler, batcher: Batcher[int, int]) -> Future[int]:
    """Asks for the number 1, and returns when its batch runs; it does until `doubler.free` is set."""
    doubler.free.clear()
    asked = pool.submit(batcher.ask, 1)
    wait_until(lambda: doubler.batches)
    return asked


def queued(pool: ThreadPoolExecutor, batcher: Batcher[int, int], numbers: Sequence[int]) -> list[Future[int]]:
    """Asks from a thread each, and returns when all of them wait."""
    waiting = len(batcher._waiting)
    asked = [pool.submit(batcher.ask, number) for number in numbers]
    wait_until(lambda: len(batcher._waiting) == waiting + len(numbers))
    return asked


def test_who_comes_alone_is_served_alone_and_at_once() -> None:
    """No company is waited for."""
    doubler = Doubler()
    batcher = Batcher(doubler, patience=FOREVER)
    assert [batcher.ask(number) for number in (1, 2)] == [2, 4]
    assert doubler.batches == [[1], [2]]


def test_those_who_come_while_a_batch_runs_share_the_next() -> None:
    """Each gets its own answer, also when two ask for the same."""
    doubler = Doubler()
    batcher = Batcher(doubler, patience=FOREVER)
    with ThreadPoolExecutor(8) as pool:
        first = held(pool, doubler, batcher)
        others = queued(pool, batcher, [5, 3, 5, 4])
        doubler.free.set()
        assert first.result(PATIENCE) == 2
        assert [other.result(PATIENCE) for other in others] == [10, 6, 10, 8]
    assert [sorted(batch) for batch in doubler.batches] == [[1], [3, 4, 5, 5]]


@pytest.mark.parametrize("failing", [ValueError("bad"), SystemExit()])
def test_a_failure_is_heard_by_its_batch_and_by_nobody_else(failing: BaseException) -> None:
    """Whatever it is, even what ends a thread: nobody waits for ever, and the next batch is as good as any."""
    doubler = Doubler()
    batcher = Batcher(doubler, patience=FOREVER)
    with ThreadPoolExecutor(8) as pool:
        first = held(pool, doubler, batcher)
        others = queued(pool, batcher, [2, 3])
        doubler.failing = failing
        doubler.free.set()
        for asked in (first, *others):
            with pytest.raises(type(failing)):
                asked.result(PATIENCE)
    doubler.failing = None
    assert batcher.ask(4) == 8


def test_too_few_answers_are_a_failure() -> None:
    """Nobody gets somebody else's answer."""
    batcher: Batcher[int, int] = Batcher(lambda _: [])
    with pytest.raises(ValueError, match="shorter"):
        batcher.ask(1)


def test_a_batch_that_is_stuck_holds_up_only_its_own() -> None:
    """Those who come later wait for as long as they have patience, then go on together beside it."""
    doubler = Doubler()
    batcher = Batcher(doubler, patience=0.2)
    with ThreadPoolExecutor(8) as pool:
        stuck = held(pool, doubler, batcher)
        others = queued(pool, batcher, [2, 3, 4])
        assert [other.result(PATIENCE) for other in others] == [4, 6, 8]
        assert not stuck.done()
        assert batcher.ask(5) == 10
        doubler.free.set()
        assert stuck.result(PATIENCE) == 2
    assert [sorted(batch) for batch in doubler.batches] == [[1], [2, 3, 4], [5]]


def test_a_batch_has_a_hundred_at_most() -> None:
    """The contract takes no more; the rest is the batch after."""
    doubler = Doubler()
    batcher = Batcher(doubler, patience=FOREVER)
    many = range(2, MOST + 52)
    with ThreadPoolExecutor(len(many) + 1) as pool:
        held(pool, doubler, batcher)
        asked = queued(pool, batcher, many)
        doubler.free.set()
        assert [each.result(PATIENCE) for each in asked] == [2 * number for number in many]
    assert [len(batch) for batch in doubler.batches] == [1, MOST, 50]


def test_everybody_is_answered_whatever_overtakes_what() -> None:
    """Many threads, batches that last as long as the patience does: each request is done once."""

    def double(numbers: Sequence[int]) -> list[int]:
        done.extend(numbers)
        time.sleep(0.0005)
        return [2 * number for number in numbers]

    done: list[int] = []
    batcher = Batcher(double, patience=0.0005)
    numbers = range(4000)
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(batcher.ask, numbers, timeout=FOREVER)) == [2 * number for number in numbers]
    assert sorted(done) == list(numbers)
