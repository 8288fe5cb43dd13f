"""Publishes messages over a connection of its own."""

import asyncio
from typing import Any

from mesh import logs
from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import keep_connected
from mesh.broker.errors import ConnectionLostError, PublishBlockedError, PublishRefusedError
from mesh.broker.messages import Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology

CONNECT_TIMEOUT_SECONDS = 10.0
"""How long a message waits for the connection."""

log = logs.get("mesh.broker")


class Publisher:
    """Publishes over a connection of its own, which is made when there is a first message.

    A broker that lacks memory or disk space reads nothing more from a connection that has published. Acknowledgements
    on the same connection would wait too, and consuming could not free the space.

    Args:
        settings: the broker.
        topology: the queues; they are declared again when one of them does not exist.
        connect_timeout_seconds: how long a message waits for the connection.
    """

    def __init__(
        self, settings: Settings, topology: Topology, connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS
    ) -> None:
        self._settings = settings
        self._topology = topology
        self._connect_timeout_seconds = connect_timeout_seconds
        self._channel: asyncio.Future[BrokerChannel]
        self._connecting: asyncio.Task[None] | None = None

    async def publish(self, exchange: str, routing_key: str, message: Message) -> None:
        """Publish a message, and return when the broker has stored it in a queue.

        Raises:
            PublishRefusedError: the broker did not accept the message.
            PublishBlockedError: the broker accepts no messages; it may accept this one later nevertheless.
            ConnectionLostError: there is no connection, or it was lost and the result is unknown.
        """
        channel = await self._connect()
        try:
            await _confirmed(channel, exchange, routing_key, message)
        except PublishRefusedError as error:
            log.warning("publish refused", exchange=exchange, reason=str(error))
            await channel.declare(self._topology)  # the queue may have been deleted
            raise

    async def close(self) -> None:
        """Close the connection, and make no new one."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])

    async def _connect(self) -> BrokerChannel:
        if self._connecting is None:
            self._channel = asyncio.get_running_loop().create_future()
            self._connecting = asyncio.ensure_future(keep_connected(self._settings, self._topology, self._use))
        try:
            return await asyncio.wait_for(asyncio.shield(self._channel), self._connect_timeout_seconds)
        except TimeoutError:
            raise ConnectionLostError("There is no connection to publish on.") from None

    async def _use(self, channel: BrokerChannel) -> None:
        self._channel.set_result(channel)
        try:
            await asyncio.wait([channel.lost])
            raise channel.lost.result()
        finally:
            self._channel = asyncio.get_running_loop().create_future()


async def _confirmed(channel: BrokerChannel, exchange: str, routing_key: str, message: Message) -> None:
    """Publish, and wait for the confirm or until the broker blocks the connection."""
    if channel.blocked.is_set():  # the message would only fill the memory of this process
        raise PublishBlockedError("The broker accepts no messages.")
    confirm = channel.publish(exchange, routing_key, message)
    blocked = asyncio.ensure_future(channel.blocked.wait())
    waits: set[asyncio.Future[Any]] = {confirm, blocked}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not confirm.done():
            raise PublishBlockedError("The broker accepts no messages.")
        confirm.result()
    finally:
        confirm.cancel()
        blocked.cancel()
