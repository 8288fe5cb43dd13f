"""Makes connections to the broker, and makes them again when they are lost."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from mesh import logs
from mesh.broker.channel import BrokerChannel, error_reason
from mesh.broker.errors import BrokerError, ConnectionLostError
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a lost connection is made again; each time twice as many."""
GOODBYE = 2.0
"""Seconds that a broker gets to say goodbye: one that blocks its publishers does not listen."""

log = logs.get("mesh.broker")


@asynccontextmanager
async def connect_to_broker(settings: Settings) -> AsyncIterator[BrokerChannel]:
    """A connection for the block.

    Raises:
        ConnectionLostError: when it cannot be made.
    """
    # Each failure would be told several times, with a traceback; here it is an error with one sentence.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    connection = await _connected(settings)
    lost: asyncio.Future[ConnectionLostError] = asyncio.get_running_loop().create_future()
    gone = asyncio.Event()

    def on_close(_: object, reason: BaseException) -> None:
        if not lost.done():
            lost.set_result(ConnectionLostError(error_reason(reason)))
        gone.set()

    connection.add_on_close_callback(on_close)
    connection.add_on_connection_blocked_callback(lambda *_: log.warning("broker blocks", broker=settings.place))
    connection.add_on_connection_unblocked_callback(lambda *_: log.info("broker goes on", broker=settings.place))
    link = BrokerChannel(connection, lost)
    try:
        await link.open_channel()
        yield link
    finally:
        link.close("closed")
        try:
            await asyncio.wait_for(gone.wait(), GOODBYE)
        except TimeoutError:
            connection._terminate_stream(AMQPError("no goodbye"))  # noqa: SLF001 - pika has no other way to hang up
            await asyncio.wait([asyncio.ensure_future(gone.wait())], timeout=GOODBYE)


async def _connected(settings: Settings) -> AsyncioConnection:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[AsyncioConnection | BaseException] = loop.create_future()
    AsyncioConnection.create_connection([settings.parameters], opened.set_result, custom_ioloop=loop)
    try:
        result = await asyncio.shield(opened)
    except asyncio.CancelledError:
        await _give_up(opened)
        raise
    if isinstance(result, BaseException):
        raise ConnectionLostError(error_reason(result))
    return result


async def _give_up(opened: asyncio.Future[AsyncioConnection | BaseException]) -> None:
    """Lets the handshake end before it hangs up: pika trips over itself when it is stopped in the middle of one."""
    await asyncio.wait([opened], timeout=GOODBYE)
    connection = opened.result() if opened.done() else None
    if isinstance(connection, AsyncioConnection):
        gone = asyncio.Event()
        connection.add_on_close_callback(lambda *_: gone.set())
        connection.close()
        await asyncio.wait([asyncio.ensure_future(gone.wait())], timeout=GOODBYE)


async def keep_connected(
    settings: Settings, topology: Topology, use: Callable[[BrokerChannel], Awaitable[None]]
) -> None:
    """Calls `use` with a connection, and again with another one whenever it is lost, until `use` returns."""
    pause, told = FIRST_PAUSE, ""
    while True:
        started = time.monotonic()
        try:
            async with connect_to_broker(settings) as link:
                await topology.declare(link)
                log.info("broker connected", broker=settings.place)
                return await use(link)
        except (BrokerError, AMQPError, OSError) as error:
            if time.monotonic() - started > LONGEST_PAUSE:  # it had worked: what ails it now is news
                pause, told = FIRST_PAUSE, ""
            if error_reason(error) != told:
                told = error_reason(error)
                log.warning("broker lost", broker=settings.place, error=told)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
