"""Batching: requests that arrive while a batch runs share the next one, as in a database's group commit.

A request that arrives alone runs alone and at once. A request that arrives while a batch runs waits until that batch
has ended, but no longer than `handover_seconds`: a batch that hangs then delays only its own members, and the next
one runs in parallel to it.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

MAX_BATCH_SIZE = 100
"""The contracts allow no more requests in one call."""
HANDOVER_SECONDS = 0.05


@dataclass(eq=False)
class _Pending(Generic[RequestT, ResponseT]):
    """A submitted request; `turn` is set when it may run the next batch, or when its own batch has ended."""

    request: RequestT
    turn: threading.Event | asyncio.Event
    response: "Future[ResponseT] | asyncio.Future[ResponseT]"
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def succeed(self, response: ResponseT) -> None:
        if not self.response.done():  # an asyncio caller may have been cancelled
            self.response.set_result(response)

    def fail(self, error: BaseException) -> None:
        if not self.response.done():
            self.response.set_exception(error)


class _Queue(Generic[RequestT, ResponseT]):
    """The requests that wait for a batch, and whether one runs now."""

    def __init__(self, max_batch_size: int) -> None:
        self._max_batch_size = max_batch_size
        self._lock = threading.Lock()
        self.waiting: deque[_Pending[RequestT, ResponseT]] = deque()
        self.running = False

    def add(self, pending: _Pending[RequestT, ResponseT]) -> bool:
        """Add a request, and return whether it may run at once because no batch runs."""
        with self._lock:
            self.waiting.append(pending)
            idle, self.running = not self.running, True
        return idle

    def take_batch(self, pending: _Pending[RequestT, ResponseT]) -> list[_Pending[RequestT, ResponseT]]:
        """Remove and return the next batch; it is empty when the request is part of an earlier one."""
        with self._lock:
            if pending not in self.waiting:
                return []
            return [self.waiting.popleft() for _ in range(min(self._max_batch_size, len(self.waiting)))]

    def end_batch(self, batch: Iterable[_Pending[RequestT, ResponseT]]) -> None:
        """Release the members of a batch, and let the oldest waiting request run the next one."""
        for pending in batch:
            pending.turn.set()
        with self._lock:
            self.running = bool(self.waiting)
            if self.waiting:
                self.waiting[0].turn.set()


def _succeed_all(batch: Sequence[_Pending[RequestT, ResponseT]], responses: Iterable[ResponseT]) -> None:
    for pending, response in zip(batch, responses, strict=True):
        pending.succeed(response)


class Batcher(Generic[RequestT, ResponseT]):
    """Runs requests of many threads in batches, each batch in the thread of one of its members.

    Args:
        run_batch: runs up to `max_batch_size` requests, and returns their responses in the same order. What it raises
            is raised to every member of the batch.
        handover_seconds: how long a request waits for the running batch before it starts the next one.
        max_batch_size: number of requests in one batch.
    """

    def __init__(
        self,
        run_batch: Callable[[Sequence[RequestT]], Iterable[ResponseT]],
        handover_seconds: float = HANDOVER_SECONDS,
        max_batch_size: int = MAX_BATCH_SIZE,
    ) -> None:
        self._run_batch = run_batch
        self._handover_seconds = handover_seconds
        self._queue: _Queue[RequestT, ResponseT] = _Queue(max_batch_size)

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a batch."""
        return len(self._queue.waiting)

    @property
    def running(self) -> bool:
        """Whether a batch runs that newly submitted requests wait for."""
        return self._queue.running

    def submit(self, request: RequestT) -> ResponseT:
        """Run the request, alone or in a batch, and return its response.

        Raises:
            Exception: what `run_batch` raised for the batch.
        """
        response: Future[ResponseT] = Future()
        turn = threading.Event()
        pending = _Pending(request, turn, response)
        if not self._queue.add(pending):
            turn.wait(self._handover_seconds)
        while batch := self._queue.take_batch(pending):
            self._run(batch)
        return response.result()

    def _run(self, batch: list[_Pending[RequestT, ResponseT]]) -> None:
        try:
            _succeed_all(batch, self._run_batch([pending.request for pending in batch]))
        except BaseException as error:  # noqa: BLE001 - also SystemExit: the other members would wait without end
            for pending in batch:
                pending.fail(error)
        finally:
            self._queue.end_batch(batch)


class AsyncBatcher(Generic[RequestT, ResponseT]):
    """Runs requests of many tasks in batches.

    A batch runs in an empty context, because it belongs to none of its requests: it has no request id and no inherited
    deadline. A request that runs alone does so in the context of its caller.

    Args:
        run_one: runs a single request.
        run_batch: runs several requests, all or none, and returns their responses in the same order. What it raises is
            raised to every member of the batch.
        is_request_error: returns whether an error of `run_batch` is the fault of a request; then each member of the
            batch runs alone, so that an invalid request fails only itself.
        handover_seconds: how long a request waits for the running batch before it starts the next one; None to run one
            batch at a time.
        max_batch_size: number of requests in one batch.
    """

    def __init__(
        self,
        run_one: Callable[[RequestT], Awaitable[ResponseT]],
        run_batch: Callable[[list[RequestT]], Awaitable[Iterable[ResponseT]]],
        *,
        is_request_error: Callable[[Exception], bool] = lambda _: False,
        handover_seconds: float | None = HANDOVER_SECONDS,
        max_batch_size: int = MAX_BATCH_SIZE,
    ) -> None:
        self._run_one = run_one
        self._run_batch = run_batch
        self._is_request_error = is_request_error
        self._handover_seconds = handover_seconds
        self._queue: _Queue[RequestT, ResponseT] = _Queue(max_batch_size)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a batch."""
        return len(self._queue.waiting)

    @property
    def running(self) -> bool:
        """Whether a batch runs that newly submitted requests wait for."""
        return self._queue.running

    async def submit(self, request: RequestT) -> ResponseT:
        """Run the request, alone or in a batch, and return its response.

        Raises:
            Exception: what `run_one` raised for the request, or `run_batch` for its batch.
        """
        response: asyncio.Future[ResponseT] = asyncio.get_running_loop().create_future()
        turn = asyncio.Event()
        pending = _Pending(request, turn, response)
        if self._queue.add(pending):
            turn.set()
        # In a task of its own: a caller that is cancelled must not take the rest of its batch with it.
        task = asyncio.create_task(self._take_turn(pending, turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await response

    async def _take_turn(self, pending: _Pending[RequestT, ResponseT], turn: asyncio.Event) -> None:
        if not turn.is_set():
            with contextlib.suppress(TimeoutError):  # the running batch hangs: run the next one in parallel
                await asyncio.wait_for(turn.wait(), self._handover_seconds)
        while batch := self._queue.take_batch(pending):
            try:
                await self._run(batch)
            finally:
                self._queue.end_batch(batch)

    async def _run(self, batch: list[_Pending[RequestT, ResponseT]]) -> None:
        if len(batch) > 1 and await self._run_together(batch):
            return
        for pending in batch:
            await self._run_alone(pending)

    async def _run_together(self, batch: list[_Pending[RequestT, ResponseT]]) -> bool:
        """Run a batch in one call, and return whether that settled its requests."""
        requests = [pending.request for pending in batch]
        call = asyncio.create_task(_await(self._run_batch, requests), context=contextvars.Context())
        try:
            _succeed_all(batch, await call)
        except Exception as error:  # noqa: BLE001 - each member of the batch gets it
            if self._is_request_error(error):
                return False
            for pending in batch:
                pending.fail(error)
        return True

    async def _run_alone(self, pending: _Pending[RequestT, ResponseT]) -> None:
        try:
            call = asyncio.create_task(_await(self._run_one, pending.request), context=pending.context)
            pending.succeed(await call)
        except Exception as error:  # noqa: BLE001 - the caller gets it
            pending.fail(error)


async def _await(call: Callable[[RequestT], Awaitable[ResponseT]], request: RequestT) -> ResponseT:
    """Make a call in the running task's context, which a gRPC stub reads when it is called."""
    return await call(request)
