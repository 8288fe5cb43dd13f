"""Few log-ins run at once; the queue in front of them is short, fair between networks, and refuses when it is full."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

import pytest

from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import ResourceExhausted
from svc_users.security.login_queue import MAX_WAIT_SECONDS, MAX_WAITING_PER_THREAD, LoginQueue, QueuedClient

pytestmark = pytest.mark.unit

ATTACKER, OWNER = "192.0.2.1", "198.51.100.7"


class Blocked:
    """A queue of one thread that a log-in holds until `finish` is set, and the log-ins that ran after it, in order."""

    def __init__(self, max_wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self.queue = LoginQueue(1, max_wait_seconds)
        self.finish = threading.Event()
        self.ran: list[str] = []

    async def __aenter__(self) -> Self:
        self._first = asyncio.ensure_future(self.queue.run(QueuedClient("first"), self.finish.wait, 10))
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.finish.set()
        await self._first

    async def enqueue(self, network: str, name: str = "", *, known: bool = False) -> "asyncio.Future[None]":
        """Add a log-in to the queue."""
        login = asyncio.ensure_future(self.queue.run(QueuedClient(network, known), self.ran.append, name or network))
        await asyncio.sleep(0)
        return login


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous test."""

    async def main() -> None:
        await test()

    asyncio.run(main())


async def outcomes(logins: list["asyncio.Future[None]"]) -> list[str]:
    """Return the reason of each log-in that was refused, and an empty text for the others."""
    results = await asyncio.gather(*logins, return_exceptions=True)
    return [result.reason if isinstance(result, ResourceExhausted) else str(result or "") for result in results]


def test_a_full_queue_refuses_immediately() -> None:
    """While the thread is still busy: a caller that cannot be served soon does not wait."""

    async def test() -> None:
        async with Blocked() as blocked:
            waiting = [await blocked.enqueue(ATTACKER) for _ in range(MAX_WAITING_PER_THREAD)]
            with pytest.raises(ResourceExhausted) as raised:
                await blocked.queue.run(QueuedClient(ATTACKER), blocked.ran.append, "refused")
            assert (raised.value.reason, raised.value.metadata) == ("HASHING_BUSY", {"retry_after": "1"})
            blocked.finish.set()
            assert await outcomes(waiting) == [""] * MAX_WAITING_PER_THREAD
        assert blocked.ran == [ATTACKER] * MAX_WAITING_PER_THREAD

    run(test)


def test_networks_take_turns() -> None:
    """One log-in of another network is served second, however many of the first network came before it."""

    async def test() -> None:
        async with Blocked() as blocked:
            logins = [await blocked.enqueue(ATTACKER) for _ in range(5)]
            logins.append(await blocked.enqueue(OWNER))
            blocked.finish.set()
            await asyncio.gather(*logins)
        assert blocked.ran == [ATTACKER, OWNER, *[ATTACKER] * 4]

    run(test)


def test_a_full_queue_makes_room_for_another_network() -> None:
    """The newest log-in of the network with most of them is refused instead."""

    async def test() -> None:
        async with Blocked() as blocked:
            flood = [await blocked.enqueue(ATTACKER) for _ in range(MAX_WAITING_PER_THREAD)]
            owner = await blocked.enqueue(OWNER)
            blocked.finish.set()
            assert await outcomes([owner, *flood]) == [""] * MAX_WAITING_PER_THREAD + ["HASHING_BUSY"]

    run(test)


def test_a_known_device_goes_before_the_others_of_its_network() -> None:
    """Its user is served during an attack from the same address, and other networks do not wait longer for it."""

    async def test() -> None:
        async with Blocked() as blocked:
            flood = [await blocked.enqueue(ATTACKER) for _ in range(MAX_WAITING_PER_THREAD - 1)]
            owner = await blocked.enqueue(OWNER)
            known = [await blocked.enqueue(ATTACKER, "known", known=True) for _ in range(2)]
            blocked.finish.set()
            assert await outcomes([owner, *known, *flood]) == [""] * MAX_WAITING_PER_THREAD + ["HASHING_BUSY"] * 2
        assert blocked.ran[:3] == ["known", OWNER, "known"]

    run(test)


def test_a_login_without_a_caller_is_not_run() -> None:
    """A caller that has gone leaves the queue, and one whose deadline has passed is not served."""

    async def test() -> None:
        async with Blocked() as blocked:
            gone = await blocked.enqueue(ATTACKER, "gone")
            gone.cancel()
            current_call.set(CallContext(deadline=deadline_after(0)))
            late = await blocked.enqueue(ATTACKER, "late")
            current_call.set(None)
            served = await blocked.enqueue(ATTACKER, "served")
            blocked.finish.set()
            assert await outcomes([late, served]) == ["SERVER_BUSY", ""]
        assert blocked.ran == ["served"]

    run(test)


def test_a_login_does_not_wait_for_long() -> None:
    """On a machine that is too busy to hash, it is refused in time for a response."""

    async def test() -> None:
        async with Blocked(max_wait_seconds=0.01) as blocked:
            assert await outcomes([await blocked.enqueue(OWNER)]) == ["HASHING_BUSY"]
        assert blocked.ran == []

    run(test)


def test_a_thread_is_never_lost() -> None:
    """After log-ins that fail, that are cancelled while they wait, run or begin, all threads are idle again."""

    async def test() -> None:
        queue = LoginQueue(threads=2)
        pause = threading.Event()

        def work(number: int) -> None:
            pause.wait(0.001)
            if number % 3 == 0:
                message = "The database is down."
                raise OSError(message)

        for step in range(8):
            logins = [
                asyncio.ensure_future(queue.run(QueuedClient(str(number % 4)), work, number)) for number in range(30)
            ]
            for _ in range(step):
                await asyncio.sleep(0.0005)
            for login in logins[::2]:
                login.cancel()
            for login in logins:
                with suppress(asyncio.CancelledError, OSError, ResourceExhausted):
                    await login
        await asyncio.sleep(0.05)
        assert queue._idle_threads == 2
        assert not queue._waiting

    run(test)
