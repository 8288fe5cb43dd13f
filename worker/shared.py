"""Calls that many orders share."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import grpc

from mesh.client import parse_failure

Q = TypeVar("Q")
A = TypeVar("A")

HOPELESS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}
"""Answers that stay the same however often one asks. After any other failure the result is unknown: ask again."""
MOST = 100
"""Requests in one call, the contract's own limit."""


@dataclass
class _Asked(Generic[Q, A]):
    """A request, and who waits for its answer."""

    request: Q
    answer: asyncio.Future[A]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def succeed(self, answer: A) -> None:
        if not self.answer.done():  # whoever asked may be gone
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Shared(Generic[Q, A]):
    """Asks for one request alone, and for those that came while a call was on its way together.

    A request that is wrong spoils the call that it shares; then each of them is asked for alone.

    Args:
        one: the call for a single request.
        many: the call for several; answers in their order, and does all or nothing.
    """

    def __init__(self, one: Callable[[Q], Awaitable[A]], many: Callable[[list[Q]], Awaitable[Iterable[A]]]) -> None:
        self._one = one
        self._many = many
        self._waiting: deque[_Asked[Q, A]] = deque()
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, request: Q) -> A:
        """The answer to a request.

        Raises:
            grpc.RpcError: when its call failed.
        """
        asked: _Asked[Q, A] = _Asked(request, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._keep_asking())
        return await asked.answer

    async def _keep_asking(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            if len(batch) == 1 or not await self._ask_together(batch):
                for asked in batch:
                    await self._ask_alone(asked)

    async def _ask_together(self, batch: list[_Asked[Q, A]]) -> bool:
        """Answers whether it could be asked together."""
        requests = [asked.request for asked in batch]
        # Without a request id, as it is nobody's own: the orders' ids are on their log lines.
        calling = asyncio.create_task(_await(self._many, requests), context=contextvars.Context())
        try:
            for asked, answer in zip(batch, await calling, strict=True):
                asked.succeed(answer)
        except Exception as error:  # noqa: BLE001 - each of those who asked gets it
            if isinstance(error, grpc.RpcError) and parse_failure(error).code in HOPELESS:
                return False
            for asked in batch:
                asked.fail(error)
        return True

    async def _ask_alone(self, asked: _Asked[Q, A]) -> None:
        try:
            asked.succeed(await asyncio.create_task(_await(self._one, asked.request), context=asked.context))
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            asked.fail(error)


async def _await(call: Callable[[Q], Awaitable[A]], request: Q) -> A:
    """Calls in the task's own context: a stub reads it when it is called."""
    return await call(request)
