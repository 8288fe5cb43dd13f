"""Declares a topology, and uses what exists as it is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from mesh.broker.errors import ConnectionLostError, MisconfiguredError, RequestRefusedError, error_reason, reply_of
from mesh.broker.mismatches import Found, exchange_problems, parse_mismatch, queue_problems
from mesh.broker.topology import Exchange, Queue, Topology

ACCESS_REFUSED, NOT_FOUND = 403, 404
"""Reply codes of AMQP."""
MAX_DIFFERENCES = 12
"""Differences of one exchange or queue that are looked for; the broker reports one at a time."""

Request: TypeAlias = Callable[[Any, Callable[[Any], None]], object]
"""Sends a request over the channel in its first argument; the second one is called with the response."""


@dataclass(frozen=True)
class Declared:
    """The state of a topology at the broker.

    Args:
        waiting: number of messages that wait for consumers.
        messages: number of messages in each queue.
        problems: a sentence for each existing exchange or queue that loses or withholds messages.
    """

    waiting: int
    problems: tuple[str, ...]
    messages: Mapping[str, int] = field(default_factory=dict)


class Declarations:
    """Creates the exchanges, queues and bindings that do not exist, on one connection.

    A queue that exists is used with its type and its arguments: its operator decided on them. An account needs no
    permission for what exists. The comparison is repeated only until there is no problem left, because the broker logs
    each difference as an error.

    Args:
        connection: the connection.
        lost: is done when the connection is lost, with the reason.
    """

    def __init__(self, connection: AsyncioConnection, lost: asyncio.Future[ConnectionLostError]) -> None:
        self._side = _SideChannel(connection, lost)
        self._may_configure = True
        self._may_bind = True
        self._must_compare = True

    async def declare(self, topology: Topology) -> Declared:
        """Create what does not exist yet, and return the state of the topology.

        Raises:
            MisconfiguredError: something does not exist, and the account may not create it.
            ConnectionLostError: the connection is lost, or the broker cannot create something now.
        """
        problems: list[str] = []
        for exchange in topology.exchanges:
            _, found = await self._ensure(f"exchange {exchange.name}", _declare_exchange(exchange))
            problems += exchange_problems(exchange.name, exchange.kind, found)
        counts: dict[str, int] = {}
        consumed = [work_queue.name for work_queue in topology.work_queues]
        for queue in topology.queues:
            messages, found = await self._ensure(f"queue {queue.name}", _declare_queue(queue))
            problems += queue_problems(queue.name, queue.arguments, found)
            counts[queue.name] = messages
            await self._bind(queue)
        self._side.close()
        self._must_compare = bool(problems)
        return Declared(sum(counts[name] for name in consumed), tuple(problems), counts)

    async def _ensure(self, what: str, declare: "_Declare") -> tuple[int, Found]:
        """Create an exchange or a queue, or compare it; return the number of its messages and its differences."""
        try:
            response = await self._side.call(declare({}, passive=True))
        except RequestRefusedError as error:
            if error.code != NOT_FOUND:
                message = f"The {what} cannot be used: {error}"
                raise MisconfiguredError(message) from None
            await self._create(what, declare)
            return 0, {}
        return getattr(response.method, "message_count", 0), await self._differences(declare)

    async def _create(self, what: str, declare: "_Declare") -> None:
        try:
            await self._side.call(declare({}))
        except RequestRefusedError as error:
            message = f"The {what} does not exist and cannot be created: {error}"
            raise (ConnectionLostError if error.code == NOT_FOUND else MisconfiguredError)(message) from None

    async def _differences(self, declare: "_Declare") -> Found:
        """Return in what an existing exchange or queue differs: declare it with each difference that is reported."""
        found: dict[str, object] = {}
        while self._must_compare and self._may_configure and len(found) < MAX_DIFFERENCES:
            try:
                await self._side.call(declare(found))
                break
            except RequestRefusedError as error:
                self._may_configure = error.code != ACCESS_REFUSED
                difference = parse_mismatch(str(error))
                if difference is None or difference[0] in found:
                    break
                found[difference[0]] = difference[1]
        return found

    async def _bind(self, queue: Queue) -> None:
        """Bind a queue; an account that may not bind relies on the bindings that exist."""
        if not self._may_bind:
            return
        try:
            await self._side.call(
                lambda channel, done: channel.queue_bind(queue.name, queue.exchange, queue.routing_key, callback=done)
            )
        except RequestRefusedError as error:
            if error.code != ACCESS_REFUSED:
                raise ConnectionLostError(str(error)) from None
            self._may_bind = False


class _Declare(Protocol):
    """Returns the request that declares something with these differences, or only looks for it if `passive`."""

    def __call__(self, found: Found, *, passive: bool = False) -> Request: ...


class _SideChannel:
    """Sends one request at a time. The broker closes a channel after an error; the next request opens a new one."""

    def __init__(self, connection: AsyncioConnection, lost: asyncio.Future[ConnectionLostError]) -> None:
        self._connection = connection
        self._lost = lost
        self._channel: Any = None
        self._refused: asyncio.Future[RequestRefusedError]

    async def call(self, request: Request) -> Any:  # noqa: ANN401 - pika's own
        """Send a request and return the response.

        Raises:
            RequestRefusedError: the broker refuses the request.
            ConnectionLostError: the connection is lost.
        """
        if self._channel is None:
            self._refused = asyncio.get_running_loop().create_future()
            self._channel = await wait_for_response(
                self._connection, lambda done: self._connection.channel(on_open_callback=done), self._lost
            )
            self._channel.add_on_close_callback(self._on_close)
        return await wait_for_response(
            self._connection, lambda done: request(self._channel, done), self._lost, self._refused
        )

    def close(self) -> None:
        """Close the channel, if it is open."""
        channel, self._channel = self._channel, None
        if channel is not None and channel.is_open:
            channel.close()

    def _on_close(self, channel: object, reason: BaseException) -> None:
        if channel is self._channel:
            self._channel = None
            self._refused.set_result(RequestRefusedError(*reply_of(reason)))


async def wait_for_response(
    connection: AsyncioConnection, send: Callable[[Callable[[Any], None]], object], *ends: asyncio.Future[Any]
) -> Any:  # noqa: ANN401 - pika's own
    """Send a request to the broker, and wait for its response.

    Args:
        connection: the connection, whose settings limit the time.
        send: is called with the callback for the response.
        ends: when one of them is done, its result is raised.
    """
    response: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    try:
        send(lambda frame: None if response.done() else response.set_result(frame))
    except AMQPError as error:
        raise ConnectionLostError(error_reason(error)) from None
    timeout_seconds = connection.params.stack_timeout  # heartbeats alone do not prove that the broker works
    done, _ = await asyncio.wait({response, *ends}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    if response.done():
        return response.result()
    if not done:
        raise ConnectionLostError("The broker does not respond.")
    raise next(end for end in ends if end.done()).result()


def _declare_exchange(exchange: Exchange) -> _Declare:
    def declare(found: Found, *, passive: bool = False) -> Request:
        return lambda channel, done: channel.exchange_declare(
            exchange.name,
            found.get("type", exchange.kind),
            passive=passive,
            durable=found.get("durable", True),
            auto_delete=found.get("auto_delete", False),
            internal=found.get("internal", False),
            arguments=_arguments({}, found),
            callback=done,
        )

    return declare


def _declare_queue(queue: Queue) -> _Declare:
    def declare(found: Found, *, passive: bool = False) -> Request:
        return lambda channel, done: channel.queue_declare(
            queue.name,
            passive=passive,
            durable=found.get("durable", True),
            auto_delete=found.get("auto_delete", False),
            arguments=_arguments(queue.arguments, found),
            callback=done,
        )

    return declare


def _arguments(declared: Mapping[str, object], found: Found) -> dict[str, object]:
    """Return the declared arguments; where the existing queue differs, its values replace them."""
    arguments = {**declared, **{name: value for name, value in found.items() if "-" in name}}
    return {name: value for name, value in arguments.items() if value is not None}
