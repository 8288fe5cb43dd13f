"""Runs the programs that install and build. Uses only the standard library."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from mesh.signals import STOP, Signals, StoppedError, blocked_signals, reset_signals
from mesh.streams import OUTPUTS

GRACE_SECONDS = 5.0
"""Time that a program gets to end after a signal, before it is killed."""
POLL_INTERVAL_SECONDS = 1.0
"""How often to check whether the parent of this process still runs."""
PR_SET_PDEATHSIG = 1
"""From Linux' `prctl.h`; see mesh.processes.parent, which needs installed packages."""


def run(arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: IO[bytes] | None = None) -> int:
    """Run a program to its end, and return its exit status.

    The program leads a process group of its own, so that Ctrl-C reaches this process only, which ends the whole group.

    Args:
        arguments: the program and its arguments.
        folder: its working directory.
        environ: its whole environment.
        output: file for its stdout and stderr; by default those of this process.

    Raises:
        StoppedError: a signal has arrived, the reader of the output has ended, or the parent has ended.
        OSError: the program cannot be started.
    """
    parent_id = os.getppid()
    with Signals(OUTPUTS) as signals:
        with blocked_signals():  # else the program could be started, and this process not know it yet
            program = subprocess.Popen(  # noqa: S603 - programs of our own choice
                arguments, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                process_group=0, preexec_fn=_prepare_program,  # noqa: PLW1509 - it takes no lock
            )  # fmt: skip
        while program.poll() is None:
            arrived = signals.wait(POLL_INTERVAL_SECONDS) & STOP
            if os.getppid() != parent_id:
                arrived.add(signal.SIGHUP)
            for number in arrived:
                _end(program)
                raise StoppedError(number)
    return program.returncode


def _prepare_program() -> None:
    reset_signals()
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else `stty tostop` stops it when it writes to the terminal
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _end(program: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)  # also what the program leaves behind
    program.wait()
