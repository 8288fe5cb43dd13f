"""The heartbeat file is updated while the worker can get events, and only then."""

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.heartbeat import keep_heartbeat

pytestmark = pytest.mark.unit

OLD_TIME = 1_000_000.0
TEST_TIMEOUT_SECONDS = 10.0


async def beat_three_times(file: Path, *, connected: bool) -> None:
    """Keep a heartbeat for three intervals."""
    checks = asyncio.Semaphore(0)

    def is_connected() -> bool:
        checks.release()
        return connected

    task = asyncio.create_task(keep_heartbeat(file, is_connected, interval_seconds=0.001))
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        for _ in range(4):  # the fourth check comes after the third interval
            await checks.acquire()
    task.cancel()


def test_a_connected_worker_updates_the_file(tmp_path: Path) -> None:
    """An old file becomes a new one."""
    file = tmp_path / "heartbeat"
    file.touch()
    os.utime(file, (OLD_TIME, OLD_TIME))
    asyncio.run(beat_three_times(file, connected=True))
    assert file.stat().st_mtime > OLD_TIME


def test_a_worker_without_events_does_not_update_the_file(tmp_path: Path) -> None:
    """A file that does not exist is not created either."""
    file = tmp_path / "heartbeat"
    asyncio.run(beat_three_times(file, connected=False))
    assert not file.exists()


def test_a_file_that_cannot_be_written_does_not_stop_the_worker(tmp_path: Path) -> None:
    """The failure is logged, and the heartbeat continues."""
    with capture_logs() as lines:
        asyncio.run(beat_three_times(tmp_path / "missing" / "heartbeat", connected=True))
    assert {line["event"] for line in lines} == {"heartbeat not written"}
