"""Runs few log-ins at once. The others wait in a short queue, which is fair between networks and refuses when full."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from mesh.pools import ThreadPool
from svc_users.errors import hashing_busy

P = ParamSpec("P")
T = TypeVar("T")

MAX_WAITING_PER_THREAD = 8
"""A hash takes 136 ms of one core, so that the last log-in in the queue waits for about a second."""


class LoginQueue:
    """Threads for log-ins and registrations, and a queue in front of them; it belongs to one event loop.

    The networks that wait take turns. When the queue is full, the network that has most log-ins in it loses its newest
    one to a network with fewer. A log-in whose caller has gone or whose deadline has passed leaves the queue.

    Args:
        threads: number of log-ins at the same time, one for each password that is hashed at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPool("login", threads)
        self._idle_threads = threads
        self._max_waiting = threads * MAX_WAITING_PER_THREAD
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def run(self, network: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that hashes a password, and return its result.

        Args:
            network: the network of the client.
            function: the function.
            args: its arguments.
            kwargs: its keyword arguments.

        Raises:
            ResourceExhausted: the queue is full.
        """
        if self._idle_threads:
            self._idle_threads -= 1
        else:
            await self._wait(network)
        job = asyncio.ensure_future(self._pool.run(function, *args, **kwargs))
        job.add_done_callback(self._on_done)
        return await asyncio.shield(job)  # a thread that hashes is busy until it has finished, with or without a caller

    async def _wait(self, network: str) -> None:
        self._make_room(network)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(network, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # a thread was given to the caller as it left
                self._give_thread()
            else:
                self._remove(network, place)
            raise

    def _make_room(self, network: str) -> None:
        if sum(map(len, self._waiting.values())) < self._max_waiting:
            return
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if len(self._waiting[longest]) <= len(self._waiting.get(network, ())) + 1:
            raise hashing_busy()
        place = self._waiting[longest].pop()
        if not place.done():
            place.set_exception(hashing_busy())

    def _remove(self, network: str, place: "asyncio.Future[None]") -> None:
        places = self._waiting.get(network)
        if places and place in places:
            places.remove(place)
            if not places:
                del self._waiting[network]

    def _on_done(self, job: "asyncio.Task[T]") -> None:
        if not job.cancelled():
            job.exception()  # the caller may have gone, and asyncio reports errors that no code has read
        self._give_thread()

    def _give_thread(self) -> None:
        """Give an idle thread to the next log-in, of the network that has waited longest for its turn."""
        while self._waiting:
            network, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[network] = places
            if not place.done():
                place.set_result(None)
                return
        self._idle_threads += 1
