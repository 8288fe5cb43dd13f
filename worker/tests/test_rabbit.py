"""The source for RabbitMQ keeps the conformance, on a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pika
import pytest

from mesh.broker.settings import Settings
from worker.queue import ORDERS
from worker.rabbit import RabbitSource
from worker.tests.conformance import Conformance, Connected
from worker.tests.tap import Tap, tapped

pytestmark = pytest.mark.integration

SLOW = replace(ORDERS, delays=(60,))
"""What is retried does not come back during a test."""


def through(tap: Tap, broker: Settings) -> Settings:
    """The broker, by way of the tap."""
    given = broker.parameters
    parameters = pika.ConnectionParameters(
        "127.0.0.1", tap.port, given.virtual_host, given.credentials, heartbeat=0, socket_timeout=5
    )
    return Settings("the tap", parameters)


class TestRabbitSource(Conformance):
    """Events that are consumed from a queue."""

    overlapping = 5.0  # connecting, declaring and 512 messages through the tap are part of it

    @pytest.fixture(autouse=True)
    def _on(self, broker: Settings) -> None:
        self._broker = broker

    def connected(self, concurrency: int) -> Connected:
        """A source, and the tap on its way to the broker."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[tuple[RabbitSource, Tap]]:
            async with tapped(self._broker, SLOW) as tap:
                yield RabbitSource(through(tap, self._broker), SLOW, concurrency), tap

        return connect()
