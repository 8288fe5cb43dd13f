"""The pulse is there while the worker is well, and only then."""

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.pulse import beat

pytestmark = pytest.mark.unit

LONG_AGO = 1_000_000.0
PATIENCE = 10.0


async def beats(file: Path, *, connected: bool) -> None:
    """Three beats."""
    asked = asyncio.Semaphore(0)

    def answer() -> bool:
        asked.release()
        return connected

    task = asyncio.create_task(beat(file, answer, every=0.001))
    async with asyncio.timeout(PATIENCE):
        for _ in range(4):  # by the fourth question the third beat is over
            await asked.acquire()
    task.cancel()


def test_a_connected_worker_has_a_fresh_pulse(tmp_path: Path) -> None:
    """The file is new, whatever was there before."""
    file = tmp_path / "pulse"
    file.touch()
    os.utime(file, (LONG_AGO, LONG_AGO))
    asyncio.run(beats(file, connected=True))
    assert file.stat().st_mtime > LONG_AGO


def test_a_worker_that_is_cut_off_has_none(tmp_path: Path) -> None:
    """It lets the file grow old."""
    file = tmp_path / "pulse"
    asyncio.run(beats(file, connected=False))
    assert not file.exists()


def test_a_file_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    """The worker goes on, and says so."""
    with capture_logs() as lines:
        asyncio.run(beats(tmp_path / "gone" / "pulse", connected=True))
    assert {line["event"] for line in lines} == {"no pulse"}
