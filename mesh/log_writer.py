"""Writes log lines in a background thread.

A write releases the interpreter lock, and a thread of a busy server waits milliseconds to get it back: one line per
call cost more than the call itself. Here lines are buffered for some milliseconds and written at once.
"""

import atexit
import contextlib
import threading
from collections import deque
from multiprocessing import util
from typing import BinaryIO

FLUSH_INTERVAL_SECONDS = 0.02
"""How long lines are buffered; a process that is killed loses the lines of that time."""


class LogWriter:
    """A stream that buffers lines and writes them in a background thread.

    Args:
        stream: where the lines are written.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer: deque[bytes] = deque()
        self._start()
        atexit.register(self.drain)
        util.register_after_fork(self, LogWriter._restart_in_child)

    def write(self, line: bytes) -> int:
        """Buffer a line; the background thread writes it soon."""
        self._buffer.append(line)
        if not self._has_lines.is_set():
            self._has_lines.set()
        return len(line)

    def flush(self) -> None:
        """Do nothing: structlog flushes after every line, which is what the buffer avoids."""

    def drain(self) -> None:
        """Write all buffered lines now."""
        with self._lock, contextlib.suppress(OSError, ValueError):  # the reader of a pipe may have closed it
            self._stream.write(b"".join(self._buffer.popleft() for _ in range(len(self._buffer))))
            self._stream.flush()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._has_lines = threading.Event()
        threading.Thread(target=self._keep_writing, name="log", daemon=True).start()

    def _restart_in_child(self) -> None:
        """Start again in a forked process: it lacks the thread, and multiprocessing ends it without atexit."""
        self._stream = open(self._stream.fileno(), "wb", closefd=False)  # noqa: SIM115 - its lock may be held
        self._buffer.clear()  # the parent writes these lines
        self._start()
        util.Finalize(self, self.drain, exitpriority=0)

    def _keep_writing(self) -> None:
        pause = threading.Event()
        while True:
            self._has_lines.wait()
            pause.wait(FLUSH_INTERVAL_SECONDS)
            self._has_lines.clear()
            self.drain()
