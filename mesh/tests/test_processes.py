"""A supervisor starts, restarts and ends its children, and they end with it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesh.processes import RestartPolicy
from mesh.processes.supervisor import REPEAT_SECONDS
from mesh.testing import wait_until

ROOT = Path(__file__).resolve().parents[2]
EXIT_TIMEOUT_SECONDS = 30
PREAMBLE = """
import os, signal, sys, time
from mesh.processes import RestartPolicy, Supervisor, program

def note(text):
    os.write(1, (text + "\\n").encode())

def stay(name="stay"):
    signal.signal(signal.SIGTERM, lambda *_: (note(name + " stopped"), os._exit(0)))
    note(f"{name} {os.getpid()}")
    time.sleep(60)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(f"stubborn {os.getpid()}")
    time.sleep(60)

def fail():
    note(f"fail {os.getpid()}")
    time.sleep(0.1)
    return 7

SLEEP = program([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"], os.environ)
"""


class Script:
    """A program that runs a supervisor.

    Args:
        process: the program.
        output: the file that it and its children write to.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def words(self) -> list[str]:
        """Return all that was written so far, by words."""
        return self._output.read_text().split()

    def process_ids(self, count: int) -> list[int]:
        """Wait until so many children have written their process ids, and return them."""
        wait_until(lambda: sum(word.isdigit() for word in self.words()) >= count, describe=lambda: str(self.words()))
        return [int(word) for word in self.words() if word.isdigit()]


@contextmanager
def running(folder: Path, statement: str) -> Iterator[Script]:
    """Run a statement after the preamble as a program, which is killed at the end."""
    output = folder / "output"
    source = PREAMBLE + textwrap.dedent(statement)
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", source], env={"PYTHONPATH": str(ROOT)}, stdout=stream, stderr=subprocess.DEVNULL
        )
    try:
        yield Script(process, output)
    finally:
        process.kill()
        process.wait(EXIT_TIMEOUT_SECONDS)


def alive(pid: int) -> bool:
    """Tell whether the process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_functions_and_programs(tmp_path: Path, number: signal.Signals) -> None:
    """All children get SIGTERM, and the supervisor returns 0."""
    statement = "sys.exit(Supervisor({'a': stay, 'b': SLEEP}, grace_seconds=20).run())"
    with running(tmp_path, statement) as script:
        pids = script.process_ids(2)
        script.process.send_signal(number)
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0
        assert "stopped" in script.words()
        assert not any(map(alive, pids))


@pytest.mark.integration
def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_period(tmp_path: Path) -> None:
    """The others have the whole period to end in order."""
    with running(tmp_path, "sys.exit(Supervisor({'a': stubborn}, grace_seconds=0.3).run())") as script:
        (pid,) = script.process_ids(1)
        started = time.monotonic()
        script.process.terminate()
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0
        assert time.monotonic() - started >= 0.3
        assert not alive(pid)


@pytest.mark.integration
def test_without_a_restart_policy_the_first_end_ends_all(tmp_path: Path) -> None:
    """The exit status is that of the child which ended."""
    with running(tmp_path, "sys.exit(Supervisor({'a': stay, 'b': fail}, grace_seconds=20).run())") as script:
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 7
        assert not any(map(alive, script.process_ids(2)))


@pytest.mark.integration
def test_a_killed_child_is_restarted(tmp_path: Path) -> None:
    """The other children keep running."""
    statement = "Supervisor({'a': stay, 'b': SLEEP}, grace_seconds=20, restart=RestartPolicy()).run()"
    with running(tmp_path, statement) as script:
        pids = script.process_ids(2)
        os.kill(pids[0], signal.SIGKILL)
        assert len(set(script.process_ids(3))) == 3
        assert alive(pids[1])


@pytest.mark.integration
def test_a_child_that_keeps_ending_is_given_up(tmp_path: Path) -> None:
    """The supervisor ends the others, and returns the child's status."""
    policy = "RestartPolicy(first_delay_seconds=0.01, max_restarts=2)"
    statement = f"sys.exit(Supervisor({{'a': fail, 'b': stay}}, grace_seconds=20, restart={policy}).run())"
    with running(tmp_path, statement) as script:
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 7
        assert script.words().count("fail") == 3
        assert not any(map(alive, script.process_ids(4)))


@pytest.mark.integration
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """Functions end, even if they ignore SIGTERM, and so do programs."""
    statement = "Supervisor({'a': stay, 'b': stubborn, 'c': SLEEP}, grace_seconds=0.1).run()"
    with running(tmp_path, statement) as script:
        pids = script.process_ids(3)
        script.process.kill()
        wait_until(lambda: not any(map(alive, pids)))


@pytest.mark.unit
def test_the_delay_before_a_restart_grows_up_to_a_limit() -> None:
    """It doubles each time."""
    policy = RestartPolicy(first_delay_seconds=0.1, max_delay_seconds=0.5)
    assert [policy.delay_seconds(restarts) for restarts in range(4)] == [0.1, 0.2, 0.4, 0.5]


@pytest.mark.integration
def test_the_end_of_a_terminal_ends_all(tmp_path: Path) -> None:
    """SIGHUP counts as a signal like the others."""
    with running(tmp_path, "sys.exit(Supervisor({'a': stay, 'b': SLEEP}, grace_seconds=20).run())") as script:
        pids = script.process_ids(2)
        script.process.send_signal(signal.SIGHUP)
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0
        assert not any(map(alive, pids))


@pytest.mark.integration
def test_after_nohup_the_end_of_a_terminal_ends_nothing(tmp_path: Path) -> None:
    """The signal stays ignored."""
    statement = """
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        Supervisor({'a': stay}, grace_seconds=20).run()
    """
    with running(tmp_path, statement) as script:
        (pid,) = script.process_ids(1)
        script.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert script.process.poll() is None
        assert alive(pid)


@pytest.mark.integration
def test_the_end_of_the_reader_of_an_output_ends_all(tmp_path: Path) -> None:
    """The children need not write anything for that."""
    statement = """
        reading, writing = os.pipe()
        supervisor = Supervisor({'a': SLEEP}, grace_seconds=20, outputs=[writing])
        sys.exit(supervisor.run(lambda: os.close(reading)))
    """
    with running(tmp_path, statement) as script:
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0


@pytest.mark.integration
def test_a_second_signal_kills_what_has_not_ended(tmp_path: Path) -> None:
    """A repetition within a second does not: one Ctrl-C or one closed terminal can cause several signals."""
    with running(tmp_path, "sys.exit(Supervisor({'a': stubborn}, grace_seconds=60).run())") as script:
        (pid,) = script.process_ids(1)
        script.process.terminate()
        time.sleep(0.2)
        script.process.send_signal(signal.SIGHUP)
        time.sleep(REPEAT_SECONDS)
        assert alive(pid)
        script.process.terminate()
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0
        assert not alive(pid)


@pytest.mark.integration
def test_a_program_that_was_stopped_ends(tmp_path: Path) -> None:
    """It continues to get the signal, and need not be killed after the grace period."""
    with running(tmp_path, "sys.exit(Supervisor({'a': SLEEP}, grace_seconds=60).run())") as script:
        (pid,) = script.process_ids(1)
        os.kill(pid, signal.SIGSTOP)
        script.process.terminate()
        assert script.process.wait(EXIT_TIMEOUT_SECONDS) == 0
        assert not alive(pid)
