"""Runs few log-ins at once. The others wait in a short queue, which is fair between networks and refuses when full."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from mesh.errors import ResourceExhausted
from mesh.pools import ThreadPool
from svc_users.errors import hashing_busy

P = ParamSpec("P")
T = TypeVar("T")

MAX_WAITING_PER_THREAD = 8
"""A hash takes 136 ms of one core, so that the last log-in in the queue waits for about a second."""
MAX_WAIT_SECONDS = 2.0
"""On a busy machine a hash takes longer: a log-in that has waited for this time is refused."""


@dataclass(frozen=True, slots=True)
class QueuedClient:
    """Who waits.

    Args:
        network: the network of the client.
        known_device: whether the client has a device token of the account: it goes before the others of its network.
    """

    network: str
    known_device: bool = False


class LoginQueue:
    """Threads for log-ins and registrations, and a queue in front of them; it belongs to one event loop.

    The networks that wait take turns. When the queue is full, the network that has most log-ins in it loses its newest
    one to a network with fewer. A log-in whose caller has gone or whose deadline has passed leaves the queue.

    Args:
        threads: number of log-ins at the same time, one for each password that is hashed at the same time.
        max_wait_seconds: time after which a log-in that waits is refused.
    """

    def __init__(self, threads: int, max_wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self._pool = ThreadPool("login", threads)
        self._idle_threads = threads
        self._max_wait_seconds = max_wait_seconds
        self._max_waiting = threads * MAX_WAITING_PER_THREAD
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def run(self, client: QueuedClient, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that hashes a password, and return its result.

        Args:
            client: the client.
            function: the function.
            args: its arguments.
            kwargs: its keyword arguments.

        Raises:
            ResourceExhausted: the queue is full, or moves too slowly.
        """
        if self._idle_threads:
            self._idle_threads -= 1
        else:
            await self._wait(client)
        job = asyncio.ensure_future(self._pool.run(function, *args, **kwargs))
        job.add_done_callback(self._on_done)
        return await asyncio.shield(job)  # a thread that hashes is busy until it has finished, with or without a caller

    async def _wait(self, client: QueuedClient) -> None:
        self._make_room(client)
        network, place = client.network, asyncio.get_running_loop().create_future()
        places = self._waiting.setdefault(network, deque())
        if client.known_device:
            places.appendleft(place)
        else:
            places.append(place)
        timer = asyncio.get_running_loop().call_later(self._max_wait_seconds, _refuse, place)
        try:
            await place
        except ResourceExhausted:
            self._remove(network, place)
            raise
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # a thread was given to the caller as it left
                self._give_thread()
            else:
                self._remove(network, place)
            raise
        finally:
            timer.cancel()

    def _make_room(self, client: QueuedClient) -> None:
        if sum(map(len, self._waiting.values())) < self._max_waiting:
            return
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        own = len(self._waiting.get(client.network, ()))
        if len(self._waiting[longest]) <= own + 1:
            if not (client.known_device and own):
                raise hashing_busy()
            longest = client.network
        _refuse(self._waiting[longest].pop())

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


def _refuse(place: "asyncio.Future[None]") -> None:
    if not place.done():
        place.set_exception(hashing_busy())
