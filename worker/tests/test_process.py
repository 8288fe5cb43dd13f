"""The worker as a process: how it starts, and how it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SECRET = "a secret that only the tests know, 32+ bytes"
NOBODY = "127.0.0.1:1"


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The process, killed at the end if it still runs then."""
    environ = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "LOG_FORMAT": "json", **settings}
    command = [sys.executable, "-m", "worker"]
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """Even while no service answers; the exit status is 0, and nothing secret was written."""
    settings = {"JWT_SECRET_KEY": SECRET, "BOOKS_TARGET": NOBODY, "ORDERS_TARGET": NOBODY}
    with started(tmp_path, **settings) as process:
        assert process.stderr
        first = process.stderr.readline()
        assert '"event":"working"' in first
        os.kill(process.pid, number)
        _, rest = process.communicate(timeout=15)
        assert process.returncode == 0
    assert '"event":"stopped"' in rest
    assert "Traceback" not in rest
    assert SECRET not in first + rest


def test_the_pulse_of_a_worker_without_events_stops(tmp_path: Path) -> None:
    """A health check sees no fresh file while nobody answers, although the process lives."""
    file = tmp_path / "pulse"
    settings = {"JWT_SECRET_KEY": SECRET, "BOOKS_TARGET": NOBODY, "ORDERS_TARGET": NOBODY}
    with started(tmp_path, **settings, WORKER_PULSE_FILE=str(file)) as process:
        assert process.stderr
        while "no events" not in (line := process.stderr.readline()):
            assert line, "the worker has ended"
        assert not file.exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"WORKER_PULSE_FILE": "no/such/folder"}, "worker: WORKER_PULSE_FILE: there is no folder no/such.\n"),
        ({}, "worker: JWT_SECRET_KEY is not set.\n"),
        (
            {"WORKER_CONCURRENCY": "1001"},
            "worker: WORKER_CONCURRENCY must be a whole number from 1 to 1000, not '1001'.\n",
        ),
        ({"ORDER_PROCESSING_SECONDS": "soon"}, "worker: ORDER_PROCESSING_SECONDS must be a number of seconds "),
    ],
)
def test_a_bad_setting_is_one_sentence(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    """The setting is named, and the exit status is 2."""
    with started(tmp_path, **settings) as process:
        _, said = process.communicate(timeout=15)
    assert process.returncode == 2
    assert said.startswith(sentence)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["dead", "list"], 2, "worker: No broker is configured: set RABBIT_HOST or RABBIT_URL.\n"),
        (["dead", "redrive"], 2, "one of the arguments id --all is required"),
        (["alive"], 2, "invalid choice: 'alive'"),
    ],
)
def test_what_is_asked_of_the_worker_is_checked(
    tmp_path: Path, arguments: list[str], status: int, sentence: str
) -> None:
    """Dead letters need no secret and no service, only a broker."""
    environ = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-m", "worker", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=15, check=False)
    assert done.returncode == status
    assert sentence in done.stderr
