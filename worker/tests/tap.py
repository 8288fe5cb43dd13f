"""A carrier for the conformance of RabbitMQ: a real broker behind a tap that reads along what a source tells it."""

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


class Tap:
    """Stands between a source and its broker, and notes for each order whether its message was acknowledged, and how.

    Args:
        broker: the real one.
        topology: the queue and its companions.
        link: a connection of the tap's own, to put messages in.
    """

    def __init__(self, broker: Settings, topology: Topology, link: BrokerChannel) -> None:
        self._place = broker.parameters.host, broker.parameters.port
        self._topology = topology
        self._link = link
        self._numbers = itertools.count(1)
        self._outcomes: dict[int, Outcome] = {}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def put(self, number: int) -> list[int]:
        """Publishes that many new messages."""
        orders = list(itertools.islice(self._numbers, number))
        bodies = [orjson.dumps({"order_id": order, "book_id": 1, "quantity": 1}) for order in orders]
        exchange, key = self._topology.exchange, self._topology.routing_key
        await asyncio.gather(*(self._link.publish(exchange, key, Message(body)) for body in bodies))
        return orders

    async def settled(self) -> dict[int, Outcome]:
        """The last outcome of each order."""
        return self._outcomes

    async def go_down(self) -> None:
        """Ends all connections, and takes none."""
        assert self._server
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def come_back(self) -> None:
        """Takes connections, on the same port as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(*self._place)
        own = {writer, broker_writer}
        self._open |= own
        notes = Notes(self._topology, self._outcomes)
        ways = (
            asyncio.ensure_future(_pass(reader, broker_writer, notes.from_source)),
            asyncio.ensure_future(_pass(broker_reader, writer, notes.from_broker)),
        )
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        notes.on_end()
        for way in ways:
            way.cancel()
        for each in own:
            each.transport.abort()
            with suppress(OSError):
                await each.wait_closed()
        self._open -= own


class Notes:
    """What was said on one connection, as far as it matters."""

    def __init__(self, topology: Topology, outcomes: dict[int, Outcome]) -> None:
        self._meanings = {topology.retry_exchange: Outcome.RETRY, topology.dead_exchange: Outcome.REJECT}
        self._outcomes = outcomes
        self._delivered: dict[int, int] = {}
        self._meant: dict[int, Outcome] = {}
        self._tag = 0
        self._exchange = ""

    def from_broker(self, said: Any) -> None:
        """A message comes: its method, then its body."""
        if isinstance(said, frame.Method) and isinstance(said.method, spec.Basic.Deliver):
            self._tag = said.method.delivery_tag
        elif isinstance(said, frame.Body):
            self._delivered[self._tag] = orjson.loads(said.fragment)["order_id"]

    def from_source(self, said: Any) -> None:
        """A copy goes to another queue, or a message is acknowledged: one by one, for no other way is known here."""
        if isinstance(said, frame.Body):
            self._meant[orjson.loads(said.fragment)["order_id"]] = self._meanings[self._exchange]
        elif isinstance(said, frame.Method) and isinstance(said.method, spec.Basic.Publish):
            self._exchange = said.method.exchange
        elif isinstance(said, frame.Method) and isinstance(said.method, spec.Basic.Ack):
            assert not said.method.multiple
            order = self._delivered.pop(said.method.delivery_tag)
            self._outcomes[order] = self._meant.pop(order, Outcome.DONE)
        elif isinstance(said, frame.Method):
            assert not isinstance(said.method, spec.Basic.Nack | spec.Basic.Reject)

    def on_end(self) -> None:
        """What was not acknowledged is back in its queue."""
        self._outcomes |= dict.fromkeys(self._delivered.values(), Outcome.RETRY)


@asynccontextmanager
async def tapped(broker: Settings, topology: Topology) -> AsyncIterator[Tap]:
    """A tap that is open during the block, on queues that exist."""
    async with connect_to_broker(broker) as link:
        await topology.declare(link)
        tap = Tap(broker, topology, link)
        await tap.come_back()
        try:
            yield tap
        finally:
            await tap.go_down()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Any) -> None:
    data = b""
    with suppress(OSError):
        while piece := await reader.read(65536):
            data += piece
            consumed, said = frame.decode_frame(data)
            while said is not None:
                note(said)
                data = data[consumed:]
                consumed, said = frame.decode_frame(data)
            writer.write(piece)
            await writer.drain()
