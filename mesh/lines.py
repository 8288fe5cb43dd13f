"""Writes log lines from a thread of its own.

A write gives the interpreter away, and a busy server's thread waits milliseconds to get it back: a line a call cost
more than the call. Here lines are gathered for some milliseconds and written in one go.
"""

import atexit
import contextlib
import threading
from collections import deque
from multiprocessing import util
from typing import BinaryIO

GATHER = 0.02
"""Seconds for which lines are gathered; a process that is killed loses what it wrote in that time."""


class Lines:
    """A stream that gathers what is written to it.

    Args:
        stream: where the lines go.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[bytes] = deque()
        self._prepare()
        atexit.register(self.drain)
        util.register_after_fork(self, Lines._prepare_child)

    def write(self, line: bytes) -> int:
        """Takes a line; it is written soon."""
        self._waiting.append(line)
        if not self._rung.is_set():
            self._rung.set()
        return len(line)

    def flush(self) -> None:
        """Does nothing: writing soon is the point."""

    def drain(self) -> None:
        """Writes all that was taken so far."""
        with self._writing, contextlib.suppress(OSError, ValueError):  # whoever read the lines is gone
            self._stream.write(b"".join(self._waiting.popleft() for _ in range(len(self._waiting))))
            self._stream.flush()

    def _prepare(self) -> None:
        self._writing = threading.Lock()
        self._rung = threading.Event()
        threading.Thread(target=self._keep_writing, name="log", daemon=True).start()

    def _prepare_child(self) -> None:
        """A forked process has no threads but the one that forked, and multiprocessing ends it without atexit."""
        self._stream = open(self._stream.fileno(), "wb", closefd=False)  # noqa: SIM115 - its lock may be held
        self._waiting.clear()  # the parent writes them
        self._prepare()
        util.Finalize(self, self.drain, exitpriority=0)

    def _keep_writing(self) -> None:
        pause = threading.Event()
        while True:
            self._rung.wait()
            pause.wait(GATHER)
            self._rung.clear()
            self.drain()
