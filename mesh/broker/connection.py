"""Connects to the broker, and reconnects when the connection is lost."""

import asyncio
import logging
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout
from pika.exceptions import AMQPError, IncompatibleProtocolError

from mesh import logs
from mesh.broker.channel import BrokerChannel
from mesh.broker.errors import BrokerError, ConnectionLostError, MisconfiguredError, error_reason, reply_of, root_error
from mesh.broker.settings import Settings
from mesh.broker.status import CONNECTION, USE, BrokerStatus
from mesh.broker.topology import Topology

MIN_RECONNECT_DELAY_SECONDS, MAX_RECONNECT_DELAY_SECONDS = 0.1, 5.0
"""Each further attempt waits twice as long as the one before it."""
CLOSE_TIMEOUT_SECONDS = 2.0
"""How long a close may take: a broker that blocks its publishers does not respond to it."""
CONNECTION_REFUSALS = {403, 530}
"""Reply codes of AMQP for a wrong password and for a virtual host that is missing or forbidden.

The broker uses the second one also for its limits of connections, which a retry may overcome.
"""
WRONG_PEER = "is this RabbitMQ's port for AMQP, and do both sides use TLS, or neither of them?"

log = logs.get("mesh.broker")


@asynccontextmanager
async def connect_to_broker(
    settings: Settings, close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS
) -> AsyncIterator[BrokerChannel]:
    """Connect to the broker for the block.

    Args:
        settings: the broker.
        close_timeout_seconds: how long the close at the end may take.

    Raises:
        ConnectionLostError: the connection could not be made.
    """
    # pika logs each failure several times, with a traceback; here it is one error with one sentence.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    connection = await _connect(settings)
    lost: asyncio.Future[ConnectionLostError] = asyncio.get_running_loop().create_future()
    closed = asyncio.Event()

    def on_close(_: object, reason: BaseException) -> None:
        if not lost.done():
            lost.set_result(ConnectionLostError(error_reason(reason)))
        closed.set()

    connection.add_on_close_callback(on_close)
    channel = BrokerChannel(connection, lost)

    def on_blocked(*_: object) -> None:
        channel.blocked.set()
        log.warning("broker blocked", broker=settings.location)

    def on_unblocked(*_: object) -> None:
        channel.blocked.clear()
        log.info("broker unblocked", broker=settings.location)

    connection.add_on_connection_blocked_callback(on_blocked)
    connection.add_on_connection_unblocked_callback(on_unblocked)
    try:
        await channel.open_channel()
        yield channel
    finally:
        await _finish(_close(connection, channel, closed, close_timeout_seconds))


async def _close(
    connection: AsyncioConnection, channel: BrokerChannel, closed: asyncio.Event, timeout_seconds: float
) -> None:
    channel.close("closed")
    try:
        await asyncio.wait_for(closed.wait(), timeout_seconds)
    except TimeoutError:
        # pika has no public way to drop a connection; pyproject.toml pins its version for this.
        connection._terminate_stream(AMQPError("The broker did not respond to the close."))  # noqa: SLF001
        await asyncio.wait([asyncio.ensure_future(closed.wait())], timeout=timeout_seconds)


async def _finish(operation: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, also when the caller is cancelled: a close that is cancelled leaves a socket open."""
    task = asyncio.ensure_future(operation)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _connect(settings: Settings) -> AsyncioConnection:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[AsyncioConnection | BaseException] = loop.create_future()
    hosts = [settings.parameters, *settings.others]
    random.shuffle(hosts)  # clients of a cluster spread over its nodes
    AsyncioConnection.create_connection(hosts, opened.set_result, custom_ioloop=loop)
    try:
        result = await asyncio.shield(opened)
    except asyncio.CancelledError:
        await _close_after_handshake(opened)
        raise
    if isinstance(result, BaseException):
        raise _connect_error(result)
    return result


def _connect_error(error: BaseException) -> ConnectionLostError:
    """Return the error of a connection that could not be made, and decide whether a retry may succeed."""
    (code, reason), root = reply_of(error), root_error(error)
    if isinstance(root, ssl.SSLCertVerificationError) or (code in CONNECTION_REFUSALS and "limit" not in reason):
        return MisconfiguredError(reason)
    if isinstance(root, AMQPConnectorStackTimeout):
        return ConnectionLostError(f"The peer did not complete the handshake in time: {WRONG_PEER}")
    if isinstance(root, IncompatibleProtocolError):
        return ConnectionLostError(f"The peer ended the connection during the handshake: {WRONG_PEER}")
    if isinstance(root, ssl.SSLError):
        return ConnectionLostError(f"{reason}: {WRONG_PEER}")
    return ConnectionLostError(reason)


async def _close_after_handshake(opened: asyncio.Future[AsyncioConnection | BaseException]) -> None:
    """Wait for the end of the handshake, then close: pika fails when it is stopped in the middle of one."""
    await asyncio.wait([opened], timeout=CLOSE_TIMEOUT_SECONDS)
    connection = opened.result() if opened.done() else None
    if isinstance(connection, AsyncioConnection):
        closed = asyncio.Event()
        connection.add_on_close_callback(lambda *_: closed.set())
        connection.close()
        await asyncio.wait([asyncio.ensure_future(closed.wait())], timeout=CLOSE_TIMEOUT_SECONDS)


async def keep_connected(
    settings: Settings,
    topology: Topology,
    use: Callable[[BrokerChannel], Awaitable[None]],
    status: BrokerStatus | None = None,
) -> None:
    """Call `use` with a channel, and again with a new one each time the connection is lost, until `use` returns.

    Args:
        settings: the broker.
        topology: is declared on each connection.
        use: uses the connection.
        status: records what an operator has to change.
    """
    status = status or BrokerStatus(settings.location)
    delay_seconds, logged_error = MIN_RECONNECT_DELAY_SECONDS, ""
    while True:
        started, part = time.monotonic(), CONNECTION
        try:
            async with connect_to_broker(settings) as channel:
                declared = await channel.declare(topology)
                status.report(CONNECTION, " ".join(declared.problems))
                log.info("broker connected", broker=settings.location)
                part = USE
                return await use(channel)
        except (BrokerError, AMQPError, OSError) as error:
            if isinstance(error, MisconfiguredError):
                status.report(part, error_reason(error))
            if time.monotonic() - started > MAX_RECONNECT_DELAY_SECONDS:  # it had worked: log this failure again
                delay_seconds, logged_error = MIN_RECONNECT_DELAY_SECONDS, ""
            if error_reason(error) != logged_error:
                logged_error = error_reason(error)
                log.warning("broker lost", broker=settings.location, error=logged_error)
        await asyncio.sleep(delay_seconds)
        delay_seconds = min(2 * delay_seconds, MAX_RECONNECT_DELAY_SECONDS)
