"""Runs blocking functions in a few threads: the database's driver blocks, and must not block the event loop.

More threads are slower, because they take the interpreter's lock from each other: a read by id costs 134 µs of CPU in
one thread, 329 µs in four and 514 µs in sixteen. Therefore a pool has one thread while that is enough.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from mesh.context import current_call
from mesh.errors import ResourceExhausted

P = ParamSpec("P")
T = TypeVar("T")

READ_THREADS = 4
WRITE_THREADS = 16
"""Transactions wait for locks and for the disk, and hold a thread meanwhile."""
MAX_WAITING = 256
"""Functions that wait for a thread; at a millisecond each, the last one waits for as long as a caller notices."""
RETRY_AFTER_SECONDS = "1"
GROWTH_SECONDS = 0.01
"""A function that has waited for this time gets one more thread: the others wait for a lock or for the network."""
IDLE_SECONDS = 1.0
"""Time after which a thread ends, unless it is the only one."""


@dataclass(slots=True)
class _Job:
    """A function to run, in the context of its caller."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    future: "asyncio.Future[Any]"
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def run(self) -> None:
        """Run the function, unless its caller has gone or its caller's deadline has passed."""
        if self.future.cancelled():
            return
        result, error = None, None
        try:
            result = self.context.run(self._run_in_time)
        except BaseException as raised:  # noqa: BLE001 - also SystemExit: the caller would wait without end
            error = raised
        try:
            with suppress(RuntimeError):  # the loop has been closed
                self.future.get_loop().call_soon_threadsafe(_settle, self.future, result, error)
        finally:
            del error  # it keeps this frame

    def _run_in_time(self) -> Any:  # noqa: ANN401 - of any function
        call = current_call.get()
        if call is not None and call.deadline is not None and call.deadline <= time.monotonic():
            raise _busy()
        return self.function(*self.arguments, **self.keywords)


class ThreadPool:
    """Threads with a bounded queue in front of them, for functions of one event loop.

    Args:
        name: name of the threads.
        threads: maximum number of functions that run at the same time.
        max_waiting: number of functions that wait for a thread.
    """

    def __init__(self, name: str, threads: int, max_waiting: int = MAX_WAITING) -> None:
        self._name = name
        self._max_threads = threads
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._threads = 0
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._submitted = 0
        self._checking = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function and return its result.

        A function that still waits is not run when its caller has been cancelled or the caller's deadline has passed.

        Raises:
            ResourceExhausted: too many functions wait already.
        """
        if self._jobs.qsize() >= self._max_waiting:
            raise _busy()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._submitted += 1
        self._jobs.put(_Job(function, args, kwargs, future))
        if not self._threads:
            self._start_thread()
        elif not self._checking:
            self._check_later()
        try:
            return await future
        finally:
            del future  # its error keeps this frame, which must not keep the future

    def close(self) -> None:
        """Let the threads end when they are idle."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _check_later(self) -> None:
        """Check later whether the functions that wait now still wait."""
        self._checking = True
        asyncio.get_running_loop().call_later(GROWTH_SECONDS, self._grow, self._submitted)

    def _grow(self, submitted: int) -> None:
        """Start a thread if one of the first `submitted` functions still waits."""
        self._checking = False
        waiting = self._jobs.qsize()
        if self._threads < self._max_threads and waiting:
            if self._submitted - waiting < submitted:
                self._start_thread()
            self._check_later()

    def _start_thread(self) -> None:
        with self._lock:
            self._threads += 1
        # Daemons: a thread that hangs in a driver must not keep the process from ending.
        threading.Thread(target=self._work, name=f"{self._name} {self._threads}", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                if self._end_surplus_thread():
                    return
                continue
            if job is None:
                return
            job.run()
            del job  # an idle thread must not keep the last request and its result

    def _end_surplus_thread(self) -> bool:
        """Return whether the calling thread has to end, because it is not the only one."""
        with self._lock:
            is_surplus = self._threads > 1
            self._threads -= is_surplus
        return is_surplus


class Pools:
    """The threads of a service: reads never wait for writes, which may wait for the locks of others.

    Args:
        read_threads: number of reads at the same time.
        write_threads: number of writes at the same time.
    """

    def __init__(self, read_threads: int = READ_THREADS, write_threads: int = WRITE_THREADS) -> None:
        self.reads = ThreadPool("read", read_threads)
        self.writes = ThreadPool("write", write_threads)

    @classmethod
    def for_connections(cls, connections: int) -> "Pools":
        """Return pools with at most as many threads as there are connections to the database."""
        return cls(min(READ_THREADS, connections), min(WRITE_THREADS, connections))

    def close(self) -> None:
        """Let all threads end when they are idle."""
        self.reads.close()
        self.writes.close()


def _busy() -> ResourceExhausted:
    return ResourceExhausted(
        "The service is too busy. Please try again.", "SERVER_BUSY", metadata={"retry_after": RETRY_AFTER_SECONDS}
    )


def _settle(future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if future.done():  # the caller has been cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
