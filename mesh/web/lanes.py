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
        status: the HTTP status of refusals: 503, or 429 where the number of requests is the cause, not their duration.
    """

    running: int
    waiting: int
    status: int = 503


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
        starts, refused = lane.enter(address, request, self._clock())
        if refused is not None:
            self._refuse(refused, lane.state())
        if not starts:
            return
        self._run(request)
        while (waiting := lane.leave()) is not None:
            self._run(waiting)

    def refuse_late(self) -> None:
        """Refuse the requests that have waited for too long; to be called about twice per second."""
        before = self._clock() - MAX_WAIT_SECONDS
        for lane in self._lanes.values():
            for request in lane.late(before):
                self._refuse(request, lane.state())


class _Lane(Generic[T]):
    def __init__(self, name: str, limits: Lane) -> None:
        self._name = name
        self._limits = limits
        self._lock = threading.Lock()
        self._queue = _FairQueue[T]()
        self._running = 0
        self._refused = 0

    def enter(self, address: str, request: T, now: float) -> tuple[bool, T | None]:
        """Return whether the request starts now, and the request that is refused for it."""
        with self._lock:
            if self._running < self._limits.running:
                self._running += 1
                return True, None
            self._queue.put(address, request, now)
            if len(self._queue) <= self._limits.waiting:
                return False, None
            self._refused += 1
            return False, self._queue.drop(address)

    def leave(self) -> T | None:
        """Return the next waiting request for the thread that has ended one, or None after giving the thread back."""
        with self._lock:
            if len(self._queue):
                return self._queue.get()
            self._running -= 1
            return None

    def late(self, before: float) -> list[T]:
        """Remove and return the requests that have waited since before this time."""
        with self._lock:
            requests = self._queue.take_older(before)
            self._refused += len(requests)
            return requests

    def state(self) -> LaneState:
        """Return the counters."""
        with self._lock:
            return LaneState(self._name, self._running, len(self._queue), self._refused)


class _FairQueue(Generic[T]):
    """A queue in which the addresses take turns."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, deque[tuple[float, T]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, address: str, item: T, now: float) -> None:
        """Append the item to those of its address."""
        self._by_address.setdefault(address, deque()).append((now, item))
        self._size += 1

    def get(self) -> T:
        """Remove the oldest item of the address whose turn it is."""
        address, items = next(iter(self._by_address.items()))
        _, item = items.popleft()
        self._by_address.move_to_end(address)
        self._removed(address)
        return item

    def drop(self, preferred: str) -> T:
        """Remove the newest item of the address with the most items, which is `preferred` among equals."""
        address = max(self._by_address, key=lambda each: (len(self._by_address[each]), each == preferred))
        _, item = self._by_address[address].pop()
        self._removed(address)
        return item

    def take_older(self, before: float) -> list[T]:
        """Remove and return the items from before this time."""
        taken = []
        for address, items in list(self._by_address.items()):
            while items and items[0][0] < before:
                taken.append(items.popleft()[1])
                self._removed(address)
        return taken

    def _removed(self, address: str) -> None:
        self._size -= 1
        if not self._by_address[address]:
            del self._by_address[address]
