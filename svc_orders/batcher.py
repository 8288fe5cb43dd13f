"""Does in one go what several callers ask for at the same time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 100
"""Requests in one batch, the contract's own limit."""
PATIENCE = 0.05
"""Seconds that a request waits for the batch before its own."""


@dataclass(eq=False)
class _Asked(Generic[Q, A]):
    """A request, and its answer."""

    request: Q
    turn: threading.Event = field(default_factory=threading.Event)
    answer: "Future[A]" = field(default_factory=Future)


class Batcher(Generic[Q, A]):
    """Runs a batch, and meanwhile gathers the next one (databases call it group commit).

    A request that comes alone is done alone and at once. One that comes while a batch runs waits for its end, then one
    of those who wait does it for all of them, in its own thread. A batch that is stuck holds up nobody but its own
    members: after `patience` the next one runs beside it.

    Args:
        run: does 1 to 100 requests; answers in their order. What it raises, all of the batch hear.
        patience: seconds that a request waits for the batch before its own.
    """

    def __init__(self, run: Callable[[Sequence[Q]], Sequence[A]], patience: float = PATIENCE) -> None:
        self._run = run
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: list[_Asked[Q, A]] = []
        self._running = False

    def ask(self, request: Q) -> A:
        """The answer to a request.

        Raises:
            Exception: whatever `run` raised for the batch.
        """
        asked: _Asked[Q, A] = _Asked(request)
        with self._lock:
            self._waiting.append(asked)
            first, self._running = not self._running, True
        if not first:
            asked.turn.wait(self._patience)
        while batch := self._batch_with(asked):
            self._answer(batch)
        return asked.answer.result()

    def _batch_with(self, asked: _Asked[Q, A]) -> list[_Asked[Q, A]]:
        """The next batch as long as the request still waits, and nothing when somebody has taken it."""
        with self._lock:
            if asked not in self._waiting:
                return []
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            return batch

    def _answer(self, batch: list[_Asked[Q, A]]) -> None:
        try:
            answers = self._run([asked.request for asked in batch])
            for asked, answer in zip(batch, answers, strict=True):
                asked.answer.set_result(answer)
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            for asked in batch:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
        finally:
            for asked in batch:
                asked.turn.set()
            self._hand_over()

    def _hand_over(self) -> None:
        """Lets the longest waiting run the next batch."""
        with self._lock:
            self._running = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.set()
