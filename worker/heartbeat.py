"""The heartbeat file: health checks read its age, because the worker has no port."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mesh import logs

INTERVAL_SECONDS = 5.0
"""Time between two updates. A file several intervals old means that the worker is stuck, gone or without events."""

log = logs.get("worker.heartbeat")


async def keep_heartbeat(file: Path, connected: Callable[[], bool], interval_seconds: float = INTERVAL_SECONDS) -> None:
    """Touch the file at each interval while the worker can get events.

    It runs on the event loop that does all the work, so a blocked loop stops the heartbeat.

    Args:
        file: the heartbeat file.
        connected: returns whether the source can get events.
        interval_seconds: time between two updates.
    """
    while True:
        if connected():
            try:
                file.touch()  # noqa: ASYNC240 - takes microseconds; a thread would not prove that the loop is alive
            except OSError as error:
                log.warning("heartbeat not written", error=type(error).__name__)
        await asyncio.sleep(interval_seconds)
