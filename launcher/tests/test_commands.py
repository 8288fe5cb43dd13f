"""Programs that install and build end with everything that they have started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mesh.testing import wait_until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
EXIT_TIMEOUT_SECONDS = 30
PROGRAM = """
import os, sys
from pathlib import Path
from launcher import commands
from launcher.commands import run
from mesh.signals import StoppedError
commands.GRACE_SECONDS = 0.5
try:
    sys.exit(run(["/bin/sh", "-c", sys.argv[1]], Path(), os.environ))
except StoppedError as error:
    sys.exit(error.status)
"""
STUBBORN = "trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60"
"""A program that ignores SIGTERM, and one that it has started, whose id it writes."""


def start(script: str, output: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Run a program which runs this script."""
    command = [sys.executable, "-c", PROGRAM, script]
    return subprocess.Popen(command, env={"PYTHONPATH": str(ROOT), "PATH": os.defpath}, stdout=output)


def is_alive(pid: int) -> bool:
    """Tell whether the process runs."""
    return Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_the_exit_status_is_that_of_the_program() -> None:
    """It is known as soon as the program ends."""
    started = time.monotonic()
    with start("exit 7") as process:
        assert process.wait(EXIT_TIMEOUT_SECONDS) == 7
    assert time.monotonic() - started < EXIT_TIMEOUT_SECONDS / 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_and_its_children(number: signal.Signals) -> None:
    """The exit status is that which a shell reports."""
    with start("sleep 60 & echo $!; wait") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(EXIT_TIMEOUT_SECONDS) == 128 + number
        wait_until(lambda: not is_alive(child))


def test_the_end_of_the_reader_ends_the_program() -> None:
    """As in `make run | head -1`."""
    reading, writing = os.pipe()
    with start("echo started; sleep 60", writing) as process:
        os.close(writing)
        assert os.read(reading, 100) == b"started\n"
        os.close(reading)
        assert process.wait(EXIT_TIMEOUT_SECONDS) == 128 + signal.SIGPIPE


def test_a_program_that_ignores_the_signal_is_killed() -> None:
    """So is everything in its group."""
    with start(STUBBORN) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.terminate()
        assert process.wait(EXIT_TIMEOUT_SECONDS) == 128 + signal.SIGTERM
        wait_until(lambda: not is_alive(child))
