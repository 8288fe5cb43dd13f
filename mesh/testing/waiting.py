"""Waiting for a condition in a test, without a fixed sleep."""

import asyncio
import time
from collections.abc import Awaitable, Callable

TIMEOUT_SECONDS = 30.0
POLL_INTERVAL_SECONDS = 0.02


def wait_until(
    condition: Callable[[], object], timeout_seconds: float = TIMEOUT_SECONDS, describe: Callable[[], str] = str
) -> None:
    """Poll until the condition is true.

    Args:
        condition: is called every 20 ms; anything true ends the wait.
        timeout_seconds: the time limit.
        describe: returns what to add to the message of a failure, such as a log.

    Raises:
        AssertionError: the condition did not become true in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"The condition did not become true within {timeout_seconds:g} s. {describe()}"
            raise AssertionError(message)
        time.sleep(POLL_INTERVAL_SECONDS)


async def wait_until_async(
    condition: Callable[[], Awaitable[object]], timeout_seconds: float = TIMEOUT_SECONDS
) -> None:
    """Poll until the coroutine function returns something true.

    Raises:
        AssertionError: the condition did not become true in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not await condition():
        if time.monotonic() > deadline:
            message = f"The condition did not become true within {timeout_seconds:g} s."
            raise AssertionError(message)
        await asyncio.sleep(POLL_INTERVAL_SECONDS)
