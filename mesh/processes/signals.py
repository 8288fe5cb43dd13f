"""Waiting for signals with a time limit, on every Unix."""

import select
import signal
import socket
from types import TracebackType
from typing import Any, Self

STOP = frozenset((signal.SIGTERM, signal.SIGINT))
HANDLED = (*STOP, signal.SIGCHLD)


class Signals:
    """Collects SIGTERM, SIGINT and SIGCHLD while it is entered; only the main thread may enter it."""

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._previous: dict[int, Any] = {number: signal.signal(number, _ignore) for number in HANDLED}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._reader.close()
        self._writer.close()

    def wait(self, timeout_seconds: float | None) -> set[int]:
        """Return the signals that have arrived since the last call, at the latest after the timeout."""
        readable, _, _ = select.select([self._reader], [], [], timeout_seconds)
        return set(self._reader.recv(4096)) if readable else set()


def reset_signals() -> None:
    """Undo `Signals` in a forked child, which inherits its handlers."""
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)


def _ignore(*_: object) -> None:
    """Do nothing: the interpreter has written the signal's number to the socket already."""
