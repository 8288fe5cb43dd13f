"""A sign of life in a file, for health checks: the worker serves no port that could be asked."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mesh import logs

EVERY = 5.0
"""Seconds; a file that is older than a few of these is of a worker that is stuck, gone, or cut off from its events."""

log = logs.get("worker.pulse")


async def beat(file: Path, connected: Callable[[], bool], every: float = EVERY) -> None:
    """Touches the file again and again while the worker can get events, from the loop on which all its work runs.

    Args:
        file: the file.
        connected: whether there is somebody to get events from.
        every: seconds between two beats.
    """
    while True:
        if connected():
            try:
                file.touch()  # noqa: ASYNC240 - takes microseconds; a thread for it would prove less
            except OSError as error:
                log.warning("no pulse", error=type(error).__name__)
        await asyncio.sleep(every)
