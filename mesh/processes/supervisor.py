"""Runs child processes until a signal arrives or one of them ends for good."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from mesh import logs
from mesh.processes.parent import end_with_parent
from mesh.signals import STOP, Signals, blocked_signals, reset_signals

log = logs.get("mesh.processes")

Run = Callable[[], int | None]

REPEAT_SECONDS = 1.0
"""Time after which a further signal means impatience: one Ctrl-C or one closed terminal can cause several at once."""
RETRY_SECONDS = 1.0
"""Delay before another attempt to fork, when the system has refused one."""


@dataclass(frozen=True)
class RestartPolicy:
    """When to restart a child that has ended.

    Args:
        first_delay_seconds: delay before the first restart; it doubles with each further one.
        max_delay_seconds: the longest delay.
        max_restarts: restarts in a row after which the supervisor gives up.
        healthy_seconds: a child that has run for this long starts a new row.
    """

    first_delay_seconds: float = 0.05
    max_delay_seconds: float = 5.0
    max_restarts: int = 5
    healthy_seconds: float = 10.0

    def delay_seconds(self, restarts: int) -> float:
        """Return the delay before the next restart, after this many restarts in a row."""
        return float(min(self.first_delay_seconds * 2**restarts, self.max_delay_seconds))


class Supervisor:
    """Forks a child for each function, and ends them all when one ends for good or when a signal arrives.

    The signals are SIGTERM, SIGINT and, unless it was ignored before, SIGHUP. A further one kills the children.
    Each child leads a process group of its own, so that Ctrl-C reaches the supervisor only, which ends the children in
    order. A child that is a function ends with the supervisor, even if that is killed; see `program` for programs.

    Args:
        children: functions by name; a child ends with the status that its function returns.
        grace_seconds: time that the children get to end before they and the processes of their groups are killed.
        restart: how to restart children that end; without it, the first end of a child ends all.
        outputs: open files; the end of the reader of one of them ends all, like a signal.
    """

    def __init__(
        self,
        children: Mapping[str, Run],
        *,
        grace_seconds: float,
        restart: RestartPolicy | None = None,
        outputs: Collection[int] = (),
    ) -> None:
        self._children = [_Child(name, run, grace_seconds) for name, run in children.items()]
        self._grace_seconds = grace_seconds
        self._restart = restart
        self._outputs = outputs

    def run(self, on_started: Callable[[], None] = lambda: None) -> int:
        """Run the children; return 0 after a signal, else the exit status of the child that ended for good.

        Args:
            on_started: is called when all children have been forked.

        Raises:
            OSError: the system refuses another process.
        """
        with Signals(self._outputs) as signals:
            try:
                for child in self._children:
                    child.start()
            except OSError:
                self._stop(signals)
                raise
            on_started()
            status = None
            timeout_seconds: float | None = None
            while status is None:
                if signals.wait(timeout_seconds) & STOP:
                    status = 0
                    break
                status = self._check()
                timeout_seconds = self._start_due()
            self._stop(signals)
        return status

    def _check(self) -> int | None:
        """Plan restarts; return the exit status of a child that is not restarted."""
        for child in self._children:
            status = child.take_status()
            if status is None:
                continue
            if self._restart is None or not child.plan_restart(self._restart):
                log.error("a process has ended", process=child.name, status=status)
                return status or int(self._restart is not None)
            log.error("a process has ended and is restarted", process=child.name, status=status)
        return None

    def _start_due(self) -> float | None:
        """Start the children whose delay is over; return the seconds until the next one is due."""
        now = time.monotonic()
        waiting = [child for child in self._children if child.due is not None]
        for child in waiting:
            if child.due is not None and child.due <= now:
                child.restart()
        times = [child.due for child in waiting if child.due is not None]
        return max(0.0, min(times) - now) if times else None

    def _stop(self, signals: Signals) -> None:
        started = time.monotonic()
        for child in self._children:
            child.terminate()
        while any(child.alive() for child in self._children):
            remaining = started + self._grace_seconds - time.monotonic()
            is_repeated = bool(signals.wait(max(0.0, remaining)) & STOP - {signal.SIGPIPE})
            if remaining <= 0 or (is_repeated and time.monotonic() - started > REPEAT_SECONDS):
                names = [child.name for child in self._children if child.alive()]
                log.warning("killing processes that have not ended yet", processes=names)
                break
        for child in self._children:
            child.kill()


class _Child:
    """A function in a process of its own, as often as it is started."""

    def __init__(self, name: str, run: Run, grace_seconds: float) -> None:
        self.name = name
        self.due: float | None = None
        self._run = run
        self._grace_seconds = grace_seconds
        self._process: BaseProcess | None = None
        self._started = 0.0
        self._restarts = 0

    def start(self) -> None:
        """Fork."""
        self.due = None
        self._started = time.monotonic()
        process = multiprocessing.get_context("fork").Process(target=self._run_in_child, args=(os.getpid(),))
        with blocked_signals():  # else a child that has not reset its handlers yet would ignore a signal
            process.start()
        self._process = process
        with contextlib.suppress(OSError):  # the child does it too; here, so that its group is there to be signalled
            os.setpgid(self._process.pid or 0, self._process.pid or 0)

    def restart(self) -> None:
        """Fork again, or plan another attempt when the system refuses the process."""
        try:
            self.start()
        except OSError as error:
            log.error("a process cannot be started", process=self.name, reason=error.strerror)  # noqa: TRY400 - one line
            self.due = time.monotonic() + RETRY_SECONDS

    def take_status(self) -> int | None:
        """Return the exit status of a child that has ended since it was started, once."""
        if self._process is None or self._process.exitcode is None:
            return None
        status = self._process.exitcode
        self._signal_group(signal.SIGTERM)
        self._process = None
        return status if status >= 0 else 128 - status  # as a shell reports signals

    def plan_restart(self, policy: RestartPolicy) -> bool:
        """Set when to restart, or return False when there were too many restarts in a row."""
        now = time.monotonic()
        if now - self._started >= policy.healthy_seconds:
            self._restarts = 0
        if self._restarts >= policy.max_restarts:
            return False
        self.due = now + policy.delay_seconds(self._restarts)
        self._restarts += 1
        return True

    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.exitcode is None

    def terminate(self) -> None:
        """Send SIGTERM; a process that is stopped, as by Ctrl-Z, continues to get it."""
        if self._process is not None and self._process.exitcode is None:
            self._process.terminate()
            self._signal_group(signal.SIGCONT)

    def kill(self) -> None:
        """Kill what is left of the process and its group."""
        if self._process is not None:
            self._signal_group(signal.SIGKILL)
            self._process.join()

    def _signal_group(self, number: signal.Signals) -> None:
        """Signal the whole group: the child's own children may have outlived it."""
        if self._process is not None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses when only zombies are left
                os.killpg(self._process.pid, number)

    def _run_in_child(self, parent_id: int) -> None:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else `stty tostop` stops it when it writes to the terminal
        reset_signals()
        end_with_parent(parent_id, self._grace_seconds)
        raise SystemExit(self._run() or 0)
