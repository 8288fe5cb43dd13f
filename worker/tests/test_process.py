"""The worker as a process ends in order on a signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesh.testing import SECRET

pytestmark = pytest.mark.integration

UNUSED_ADDRESS = "127.0.0.1:1"
SETTINGS = {
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    "LOG_FORMAT": "json",
    "JWT_SECRET_KEY": SECRET,
    "BOOKS_TARGET": UNUSED_ADDRESS,
    "ORDERS_TARGET": UNUSED_ADDRESS,
}


@contextmanager
def worker_process(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Start the worker and kill it at the end of the block if it still runs."""
    command = [sys.executable, "-m", "worker"]
    environ = {**SETTINGS, **settings}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """The exit status is 0 although no service responds, and no secret was written."""
    with worker_process(tmp_path) as process:
        assert process.stderr
        first = process.stderr.readline()
        assert '"event":"started"' in first
        os.kill(process.pid, number)
        _, rest = process.communicate(timeout=15)
        assert process.returncode == 0
    assert '"event":"stopped"' in rest
    assert "Traceback" not in rest
    assert SECRET not in first + rest


def test_a_worker_without_events_has_no_heartbeat(tmp_path: Path) -> None:
    """A health check sees no new file while the orders service is away, although the process lives."""
    file = tmp_path / "heartbeat"
    with worker_process(tmp_path, WORKER_PULSE_FILE=str(file)) as process:
        assert process.stderr
        while "leasing failed" not in (line := process.stderr.readline()):
            assert line, "the worker has ended"
        assert not file.exists()
