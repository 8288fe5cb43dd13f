"""The source for RabbitMQ keeps the conformance, on a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pika
import pytest
from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Delivery, Message
from mesh.broker.settings import Settings
from tests.servers.rabbitmq import Broker
from worker.handler import Outcome, Result
from worker.queue import ORDERS
from worker.rabbit import RabbitSource
from worker.tests.conformance import (
    PATIENCE,
    Conformance,
    Connected,
    Recorder,
    Running,
    done,
    for_ever,
    until,
)  # fmt: skip
from worker.tests.tap import Tap, tapped

pytestmark = pytest.mark.integration

SLOW = replace(ORDERS, retry_delays_seconds=(60,))
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


BODY = b'{"order_id": 7, "book_id": 3, "quantity": 2}'


def beside(broker: Settings, claim: Callable[[BrokerChannel], Awaitable[None]]) -> None:
    """Runs a claim with a connection of its own."""

    async def run() -> None:
        async with asyncio.timeout(2 * PATIENCE), connect_to_broker(broker) as link:
            await ORDERS.declare(link)
            await claim(link)

    asyncio.run(run())


def waiting(link: BrokerChannel, queue: str, number: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many messages are ready in a queue."""

    async def found() -> bool:
        return await link.declare_queue(queue) == number

    return found


async def taken(link: BrokerChannel, queue: str) -> Delivery:
    """The first message of a queue."""
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await link.consume(queue, 1, arrived.put_nowait)
    return await arrived.get()


def test_a_message_by_a_plain_client_is_worked_on(broker: Settings, broker_url: str) -> None:
    """The client declares what it knows, publishes three numbers, and need not know who consumes them, nor how."""
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
        channel = client.channel()
        channel.queue_declare("order_queue", durable=True)
        channel.basic_publish("", "order_queue", BODY)

    async def claim(link: BrokerChannel) -> None:
        events: asyncio.Queue[OrderEvent] = asyncio.Queue()

        async def work(event: OrderEvent) -> Result:
            events.put_nowait(event)
            return Result(Outcome.DONE)

        async with Running(RabbitSource(broker, ORDERS, 10), work):
            event = await events.get()
        assert (event.order_id, event.book_id, event.quantity) == (7, 3, 2)
        assert await link.declare_queue(ORDERS.queue) == 0

    beside(broker, claim)


def test_a_plain_client_consumes_beside_the_source(broker: Settings, broker_url: str) -> None:
    """Its own plain declaration is no contradiction, and the two share the messages."""

    async def claim(link: BrokerChannel) -> None:
        recorder = Recorder(done)
        got: list[bytes] = []

        def consume() -> None:
            with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
                channel = client.channel()
                channel.queue_declare("order_queue", durable=True)
                channel.basic_qos(prefetch_count=1)
                for method, _, body in channel.consume("order_queue", inactivity_timeout=PATIENCE):
                    assert body is not None
                    got.append(body)
                    channel.basic_ack(method.delivery_tag)
                    break

        async with Running(RabbitSource(broker, ORDERS, 1), recorder.handle):
            consuming = asyncio.create_task(asyncio.to_thread(consume))
            numbers = 0
            while not consuming.done():
                numbers += 1
                body = json.dumps({"order_id": numbers, "book_id": 1, "quantity": 1}).encode()
                await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(body))
            await consuming

            async def all_gone() -> bool:
                return len(recorder.seen) + len(got) >= numbers

            await until(all_gone)
        assert len(got) == 1

    beside(broker, claim)


def test_a_malformed_message_is_set_aside_whole_with_the_reason(broker: Settings) -> None:
    """It disturbs nobody, and an operator finds what it was and when it came."""

    async def claim(link: BrokerChannel) -> None:
        await link.publish(
            ORDERS.exchange, ORDERS.routing_key, Message(b"\x00nonsense", "id-1", {"theirs": 1}, "text/plain")
        )
        await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY))
        recorder = Recorder(done)
        async with Running(RabbitSource(broker, ORDERS, 10), recorder.handle):
            await until(waiting(link, ORDERS.dead_queue, 1))

            async def good_one_seen() -> bool:
                return recorder.seen == [7]

            await until(good_one_seen)
        letter = (await taken(link, ORDERS.dead_queue)).message
        assert (letter.body, letter.message_id, letter.content_type) == (b"\x00nonsense", "id-1", "text/plain")
        assert letter.headers["theirs"] == 1
        assert letter.headers["x-reason"] == "The message is not JSON."
        assert str(letter.headers["x-set-aside"]).startswith("20")

    beside(broker, claim)


def test_a_retried_message_comes_back_with_its_attempt(broker: Settings) -> None:
    """Through the queue of the contract, after its delay; done the second time, it is gone from everywhere."""

    async def claim(link: BrokerChannel) -> None:
        attempts: list[int] = []

        async def work(event: OrderEvent) -> Result:
            attempts.append(event.attempt)
            return Result(Outcome.DONE if event.attempt else Outcome.RETRY, "why")

        await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY, headers={"x-request-id": "r"}))
        async with Running(RabbitSource(broker, ORDERS, 10), work):

            async def twice() -> bool:
                return len(attempts) == 2

            await until(twice)
        assert attempts == [0, 1]
        for queue in (ORDERS.queue, ORDERS.dead_queue):
            assert await link.declare_queue(queue) == 0

    beside(broker, claim)


def test_a_source_that_stops_leaves_its_messages_in_the_queue(broker: Settings) -> None:
    """All that it had taken is ready again, in the broker's own count."""

    async def claim(link: BrokerChannel) -> None:
        for _ in range(20):
            await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY))
        recorder = Recorder(for_ever)
        async with Running(RabbitSource(broker, ORDERS, 10), recorder.handle):

            async def taken_up() -> bool:
                return len(recorder.seen) == 10

            await until(taken_up)
            assert await link.declare_queue(ORDERS.queue) == 10
        await until(waiting(link, ORDERS.queue, 20))

    beside(broker, claim)


def test_a_queue_that_is_deleted_is_made_again(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """The source does not wait on a queue that is no more."""

    async def claim(link: BrokerChannel) -> None:
        recorder = Recorder(done)
        async with Running(RabbitSource(broker, ORDERS, 10), recorder.handle):
            await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY))

            async def seen(times: int) -> bool:
                return len(recorder.seen) == times

            await until(lambda: seen(1))
            await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{ORDERS.queue}")
            await ORDERS.declare(link)
            await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY))
            await until(lambda: seen(2))

    beside(broker, claim)


def test_a_message_that_nobody_takes_back_stays_where_it_is(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """Without the queue for retries, it is not acknowledged; with it again, it goes there."""

    async def claim(link: BrokerChannel) -> None:
        attempts: list[int] = []

        async def work(event: OrderEvent) -> Result:
            if not attempts:
                await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{ORDERS.queue}.retry")
            attempts.append(event.attempt)
            return Result(Outcome.DONE if event.attempt else Outcome.RETRY)

        await link.publish(ORDERS.exchange, ORDERS.routing_key, Message(BODY))
        async with Running(RabbitSource(broker, ORDERS, 10), work):

            async def twice() -> bool:
                return len(attempts) == 2

            await until(twice)
        assert attempts == [0, 1]

    beside(broker, claim)


def test_nothing_that_a_client_writes_on_a_message_holds_it_up(broker: Settings, broker_url: str) -> None:
    """Properties that are no text, headers of every kind: an order is an order, and what is set aside keeps them."""
    headers = {"x-request-id": "two\nlines", "bytes": b"\xff", "none": None, "list": [1, {"a": "b"}], "x-attempt": "1"}
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
        channel = client.channel()
        channel.queue_declare("order_queue", durable=True)
        for body in (BODY, b"nonsense"):
            properties = pika.BasicProperties(message_id=b"\xff", content_type=b"\xfe", headers=headers)
            channel.basic_publish("", "order_queue", body, properties)

    async def claim(link: BrokerChannel) -> None:
        recorder = Recorder(done)
        async with Running(RabbitSource(broker, ORDERS, 10), recorder.handle):
            await until(waiting(link, ORDERS.dead_queue, 1))

            async def seen() -> bool:
                return recorder.seen == [7]

            await until(seen)
        letter = (await taken(link, ORDERS.dead_queue)).message
        assert letter.headers["list"] == [1, {"a": "b"}]
        assert (letter.body, letter.content_type, len(letter.message_id)) == (b"nonsense", "application/json", 36)

    beside(broker, claim)
