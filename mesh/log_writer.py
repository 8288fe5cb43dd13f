"""Writes log lines in a background thread.

A write releases the interpreter lock, and a thread of a busy server waits milliseconds to get it back: one line per
call cost more than the call itself. Here lines are buffered for some milliseconds and written at once.

Only the thread writes, and without a lock of the interpreter: a reader that has stopped reading blocks nothing else,
and a process can end while its thread is blocked.
"""

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import util
from typing import BinaryIO

FLUSH_INTERVAL_SECONDS = 0.02
"""How long lines are buffered; a process that is killed loses the lines of that time."""
MAX_BUFFERED_LINES = 10_000
"""Lines that are kept while the reader does not read, about 3 MB; further ones are dropped and counted."""
DRAIN_TIMEOUT_SECONDS = 1.0
"""How long the end of a process waits for a reader that does not read."""


class LogWriter:
    """A stream that buffers lines and writes them in a background thread.

    Args:
        stream: where the lines are written; of a buffered stream, its unbuffered one.
        on_dropped: is called with the number of lines that were dropped, after the reader reads again.
    """

    def __init__(self, stream: BinaryIO, on_dropped: Callable[[int], None] = lambda _: None) -> None:
        self._stream: BinaryIO = getattr(stream, "raw", stream)
        self._on_dropped = on_dropped
        self._buffer: deque[bytes] = deque()
        self._start()
        atexit.register(self.drain)
        util.register_after_fork(self, LogWriter._restart_in_child)

    def write(self, line: bytes) -> int:
        """Buffer a line; the background thread writes it soon."""
        if len(self._buffer) >= MAX_BUFFERED_LINES:
            self._dropped += 1
            return len(line)
        self._buffer.append(line)
        if not self._has_lines.is_set():
            self._has_lines.set()
        return len(line)

    def flush(self) -> None:
        """Do nothing: structlog flushes after every line, which is what the buffer avoids."""

    def drain(self, timeout_seconds: float = DRAIN_TIMEOUT_SECONDS) -> bool:
        """Wait until all buffered lines are written; return whether they are."""
        written = threading.Event()
        self._waiting.append(written)
        self._is_urgent.set()
        self._has_lines.set()
        return written.wait(timeout_seconds)

    def _start(self) -> None:
        self._dropped = 0
        self._waiting: deque[threading.Event] = deque()
        self._has_lines, self._is_urgent = threading.Event(), threading.Event()
        threading.Thread(target=self._keep_writing, name="log", daemon=True).start()

    def _restart_in_child(self) -> None:
        """Start again in a forked process: it lacks the thread, and multiprocessing ends it without atexit."""
        self._buffer.clear()  # the parent writes these lines
        self._start()
        util.Finalize(self, self.drain, exitpriority=0)

    def _keep_writing(self) -> None:
        while True:
            self._has_lines.wait()
            self._is_urgent.wait(FLUSH_INTERVAL_SECONDS)
            self._is_urgent.clear()
            self._has_lines.clear()
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            self._write_all(b"".join(self._buffer.popleft() for _ in range(len(self._buffer))))
            for written in waiting:
                written.set()
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                self._on_dropped(dropped)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                written = self._stream.write(rest)
                if written is None:  # another process has made the file non-blocking, and the reader is slow
                    time.sleep(FLUSH_INTERVAL_SECONDS)
                rest = rest[written or 0 :]
        except (OSError, ValueError):  # the reader of a pipe may have closed it
            return
