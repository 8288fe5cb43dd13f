"""Bounded lanes: requests that need the same service share threads and places to wait, and leave the rest alone."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_WAIT_SECONDS = 2.0
"""A request that has waited longer for a thread is refused."""


@dataclass(frozen=True)
class Lane:
    """The limits of a lane.

    Args:
        running: requests that run at once, each on a thread.
        waiting: further requests that wait for one of those threads, without a thread of their own.
    """

    running: int
    waiting: int


@dataclass(frozen=True)
class LaneState:
    """What a lane does at the moment, and how many requests it has refused since the start."""

    lane: str
    running: int
    waiting: int
    refused: int


class Lanes(Generic[T]):
    """Runs requests, each in its lane.

    A request starts on the thread that brings it. When all threads of its lane are in use, it waits without a thread,
    and the thread that ends a request of the lane continues with the next one: the addresses take turns. When all
    places are taken, the address with the most waiting requests loses its newest one. So one address can fill a lane,
    but another address still gets its turn.

    Args:
        lanes: the lanes, by name.
        run: runs a request; it must not raise.
        refuse: refuses a request, given the state of its lane.
        clock: returns seconds.
    """

    def __init__(
        self,
        lanes: Mapping[str, Lane],
        run: Callable[[T], None],
        refuse: Callable[[T, LaneState], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = {name: _Lane[T](name, lane) for name, lane in lanes.items()}
        self._run = run
        self._refuse = refuse
        self._clock = clock

    def submit(self, name: str, address: str, request: T) -> None:
        """Run the request, or leave it to wait, or refuse it or another one of the lane."""
        lane = self._lanes[name]
        starts, refused = lane.enter(address, (self._clock(), request))
        if refused is not None:
            self._refuse(refused, lane.state())
        if not starts:
            return
        self._run(request)
        while (waited := lane.leave()) is not None:
            since, request = waited
            if self._clock() - since > MAX_WAIT_SECONDS:
                lane.count_refusal()
                self._refuse(request, lane.state())
            else:
                self._run(request)


class _Lane(Generic[T]):
    def __init__(self, name: str, limits: Lane) -> None:
        self._name = name
        self._limits = limits
        self._lock = threading.Lock()
        self._queue = _FairQueue[tuple[float, T]]()
        self._running = 0
        self._refused = 0

    def enter(self, address: str, item: tuple[float, T]) -> tuple[bool, T | None]:
        """Return whether the request starts now, and the request that is refused for it."""
        with self._lock:
            if self._running < self._limits.running:
                self._running += 1
                return True, None
            self._queue.put(address, item)
            if len(self._queue) <= self._limits.waiting:
                return False, None
            self._refused += 1
            return False, self._queue.drop(address)[1]

    def leave(self) -> tuple[float, T] | None:
        """Return the next waiting request for the thread that has ended one, or None after giving the thread back."""
        with self._lock:
            if len(self._queue):
                return self._queue.get()
            self._running -= 1
            return None

    def count_refusal(self) -> None:
        """Count a request that has waited for too long."""
        with self._lock:
            self._refused += 1

    def state(self) -> LaneState:
        """Return the counters."""
        with self._lock:
            return LaneState(self._name, self._running, len(self._queue), self._refused)


class _FairQueue(Generic[T]):
    """A queue in which the addresses take turns."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, address: str, item: T) -> None:
        """Append the item to those of its address."""
        self._by_address.setdefault(address, deque()).append(item)
        self._size += 1

    def get(self) -> T:
        """Remove the oldest item of the address whose turn it is."""
        address, items = next(iter(self._by_address.items()))
        item = items.popleft()
        self._by_address.move_to_end(address)
        self._removed(address)
        return item

    def drop(self, preferred: str) -> T:
        """Remove the newest item of the address with the most items, which is `preferred` among equals."""
        address = max(self._by_address, key=lambda each: (len(self._by_address[each]), each == preferred))
        item = self._by_address[address].pop()
        self._removed(address)
        return item

    def _removed(self, address: str) -> None:
        self._size -= 1
        if not self._by_address[address]:
            del self._by_address[address]
