"""The backend for the conformance of RabbitMQ: a real broker behind a proxy that records what a source sends."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from pika import frame, spec

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology
from worker.handler import Outcome


class RecordingProxy:
    """Forwards a source's connections to the broker and records how each order's message was settled.

    Args:
        broker: the real broker.
        topology: the queue and its companions.
        channel: the proxy's own connection, which publishes new messages.
    """

    def __init__(self, broker: Settings, topology: Topology, channel: BrokerChannel) -> None:
        self._address = broker.parameters.host, broker.parameters.port
        self._topology = topology
        self._channel = channel
        self._order_ids = itertools.count(1)
        self._outcomes: dict[int, Outcome] = {}
        self._published: dict[int, Outcome] = {}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def add_events(self, count: int) -> list[int]:
        """Publish new messages and return the ids of their orders."""
        order_ids = list(itertools.islice(self._order_ids, count))
        bodies = [orjson.dumps({"order_id": order_id, "book_id": 1, "quantity": 1}) for order_id in order_ids]
        exchange, key = self._topology.exchange, self._topology.routing_key
        await asyncio.gather(*(self._channel.publish(exchange, key, Message(body)) for body in bodies))
        return order_ids

    def outcomes(self) -> dict[int, Outcome]:
        """Return the last outcome of each order."""
        return self._outcomes

    async def go_down(self) -> None:
        """End all connections and accept no new ones."""
        assert self._server
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def come_back(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(*self._address)
        writers = {writer, broker_writer}
        self._open |= writers
        record = ConnectionRecord(self._topology, self._outcomes, self._published)
        directions = (
            asyncio.ensure_future(_forward(reader, broker_writer, record.on_source_frame)),
            asyncio.ensure_future(_forward(broker_reader, writer, record.on_broker_frame)),
        )
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        record.on_end()
        for direction in directions:
            direction.cancel()
        for each in writers:
            each.transport.abort()
            with suppress(OSError):
                await each.wait_closed()
        self._open -= writers


class ConnectionRecord:
    """The deliveries, publishes and acknowledgements on one connection.

    Args:
        topology: the queue and its companions.
        outcomes: the last outcome of each order, on all connections.
        published: the orders whose copies were published, on all connections: a source has one to publish.
    """

    def __init__(self, topology: Topology, outcomes: dict[int, Outcome], published: dict[int, Outcome]) -> None:
        self._outcome_by_exchange = {topology.retry_exchange: Outcome.RETRY, topology.dead_exchange: Outcome.REJECT}
        self._outcomes = outcomes
        self._delivered: dict[int, int] = {}
        self._published = published
        self._tag = 0
        self._exchange = ""

    def on_broker_frame(self, received: Any) -> None:
        """Record a delivery: a method frame, followed by a body frame."""
        if isinstance(received, frame.Method) and isinstance(received.method, spec.Basic.Deliver):
            self._tag = received.method.delivery_tag
        elif isinstance(received, frame.Body):
            self._delivered[self._tag] = orjson.loads(received.fragment)["order_id"]

    def on_source_frame(self, sent: Any) -> None:
        """Record a copy that is published to another exchange, and each acknowledgement of a single message."""
        if isinstance(sent, frame.Body):
            self._published[orjson.loads(sent.fragment)["order_id"]] = self._outcome_by_exchange[self._exchange]
        elif isinstance(sent, frame.Method) and isinstance(sent.method, spec.Basic.Publish):
            self._exchange = sent.method.exchange
        elif isinstance(sent, frame.Method) and isinstance(sent.method, spec.Basic.Ack):
            assert not sent.method.multiple
            order_id = self._delivered.pop(sent.method.delivery_tag)
            self._outcomes[order_id] = self._published.pop(order_id, Outcome.DONE)
        elif isinstance(sent, frame.Method):
            assert not isinstance(sent.method, spec.Basic.Nack | spec.Basic.Reject)

    def on_end(self) -> None:
        """Record that the unacknowledged messages are back in their queue."""
        self._outcomes |= dict.fromkeys(self._delivered.values(), Outcome.RETRY)


@asynccontextmanager
async def recording_proxy(broker: Settings, topology: Topology) -> AsyncIterator[RecordingProxy]:
    """Declare the queues and run a proxy for the duration of the block."""
    async with connect_to_broker(broker) as channel:
        await channel.declare(topology)
        proxy = RecordingProxy(broker, topology, channel)
        await proxy.come_back()
        try:
            yield proxy
        finally:
            await proxy.go_down()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_frame: Any) -> None:
    data = b""
    with suppress(OSError):
        while chunk := await reader.read(65536):
            data += chunk
            consumed, decoded = frame.decode_frame(data)
            while decoded is not None:
                on_frame(decoded)
                data = data[consumed:]
                consumed, decoded = frame.decode_frame(data)
            writer.write(chunk)
            await writer.drain()
