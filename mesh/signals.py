"""Waiting for signals, and for the end of the process that reads the output, on every Unix.

Uses only the standard library: the launcher needs it before any package is installed.
"""

import math
import os
import select
import signal
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

STOP = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE))
"""What ends a process in order. SIGPIPE is never delivered: `Signals` returns it when the reader of an output ends."""
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class StoppedError(Exception):
    """A signal has arrived, or the reader of the output has ended.

    Args:
        number: the signal; SIGPIPE for the reader.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number
        """The exit status that a shell reports for this signal."""


class Signals:
    """Collects signals while it is entered; only the main thread may enter it.

    SIGHUP stays ignored if it is, as after `nohup`.

    Args:
        outputs: open files, such as 1 and 2. SIGPIPE is returned when the reader of a pipe has ended, or when the
            terminal has been closed.
    """

    def __init__(self, outputs: Collection[int] = ()) -> None:
        self._outputs = outputs

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)
        for output in self._outputs:
            self._poll.register(output, 0)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._previous: dict[int, Any] = {number: signal.signal(number, _ignore) for number in _handled()}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._reader.close()
        self._writer.close()

    def wait(self, timeout_seconds: float | None) -> set[int]:
        """Return the signals that have arrived since the last call, at the latest after the timeout."""
        arrived: set[int] = set()
        for fd, event in self._poll.poll(None if timeout_seconds is None else math.ceil(timeout_seconds * 1000)):
            if fd == self._reader.fileno():
                arrived.update(self._reader.recv(4096))
                continue
            self._poll.unregister(fd)  # else each further call would return at once
            if event & (select.POLLERR | select.POLLHUP):  # macOS reports POLLNVAL for a terminal that is open
                arrived.add(signal.SIGPIPE)
        return arrived


@contextmanager
def blocked_signals() -> Iterator[None]:
    """Let signals wait during the block, so that a process that is forked in it gets none before it is ready."""
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def reset_signals() -> None:
    """Undo `Signals` and `blocked_signals` in a forked child, which inherits both."""
    signal.set_wakeup_fd(-1)
    for number in _handled():
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def end_at_once() -> None:
    """Let signals end this process without a traceback; signals that waited while they were blocked do it now."""
    # The kernel ignores signals to process 1 that have no handler. Elsewhere the default ends a blocked C function too.
    handler = _exit if os.getpid() == 1 else signal.SIG_DFL
    for number in _handled():
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def _handled() -> list[signal.Signals]:
    return [each for each in HANDLED if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]


def _ignore(*_: object) -> None:
    """Do nothing: the interpreter has written the signal's number to the socket already."""


def _exit(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)
