"""The source for RabbitMQ meets the requirements of every source, on a real broker."""

import argparse
import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pika
import pytest
from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Delivery, Message
from mesh.broker.settings import Settings
from mesh.testing import wait_until_async
from registry.order_messages import ORDER_TOPOLOGY
from tests.servers.rabbitmq import Broker
from worker.dead_letters import commands
from worker.handler import Outcome, Result
from worker.sources.rabbitmq import RabbitMQSource, parse_event
from worker.tests.conformance import (
    TEST_TIMEOUT_SECONDS,
    Recorder,
    SourceConformance,
    SourceWithBackend,
    finish,
    never_finish,
    running_source,
    wait_for,
)  # fmt: skip
from worker.tests.recording_proxy import RecordingProxy, recording_proxy

BODY = b'{"order_id": 7, "book_id": 3, "quantity": 2}'
LONG_DELAY = replace(ORDER_TOPOLOGY, retry_delays_seconds=(60,))
"""A retried message does not come back during a test."""


def new_source(broker: Settings, concurrency: int = 10) -> RabbitMQSource:
    """Return a source on the contract's queue."""
    return RabbitMQSource(broker, ORDER_TOPOLOGY, concurrency)


def through(proxy: RecordingProxy, broker: Settings) -> Settings:
    """Return the settings of a connection to the broker through the proxy."""
    direct = broker.parameters
    parameters = pika.ConnectionParameters(
        "127.0.0.1", proxy.port, direct.virtual_host, direct.credentials, heartbeat=0, socket_timeout=5
    )
    return Settings("the proxy", parameters)


@pytest.mark.integration
class TestRabbitMQSource(SourceConformance):
    """Events that are consumed from a queue."""

    overlap_limit_seconds = 5.0  # includes connecting, declaring and 512 messages through the proxy

    @pytest.fixture(autouse=True)
    def _on(self, broker: Settings) -> None:
        self._broker = broker

    def connect(self, concurrency: int) -> SourceWithBackend:
        """Return a source, and the proxy between it and the broker."""

        @asynccontextmanager
        async def connected() -> AsyncIterator[tuple[RabbitMQSource, RecordingProxy]]:
            async with recording_proxy(self._broker, LONG_DELAY) as proxy:
                yield RabbitMQSource(through(proxy, self._broker), LONG_DELAY, concurrency), proxy

        return connected()


@pytest.mark.unit
@pytest.mark.parametrize(
    "headers",
    [
        {"x-request-id": 5, "x-attempt": "4"},
        {"x-request-id": "id\nforged", "x-attempt": -1},
        {"x-request-id": "é", "x-attempt": 2**40},
        {"x-request-id": "x" * 65},
    ],
)
def test_invalid_headers_are_ignored(headers: dict[str, object]) -> None:
    """A header of another type or out of range is treated as missing."""
    event = parse_event(Message(BODY, headers=headers))
    assert (event.order_id, event.request_id, event.attempt) == (7, "", 0)


@pytest.mark.unit
def test_the_id_and_the_headers_of_a_message_are_part_of_its_event() -> None:
    """They are the message's id, the id of the request and the number of earlier deliveries."""
    event = parse_event(Message(BODY, "id-1", {"x-request-id": "r", "x-attempt": 4}))
    assert (event.event_id, event.request_id, event.attempt) == ("id-1", "r", 4)


def check(broker: Settings, claim: Callable[[BrokerChannel], Awaitable[None]]) -> None:
    """Check a claim with a connection of its own."""

    async def run() -> None:
        async with asyncio.timeout(2 * TEST_TIMEOUT_SECONDS), connect_to_broker(broker) as channel:
            await channel.declare(ORDER_TOPOLOGY)
            await claim(channel)

    asyncio.run(run())


async def wait_for_messages(channel: BrokerChannel, queue: str, count: int) -> None:
    """Wait until this many messages are ready in the queue."""

    async def ready() -> bool:
        return await channel.count_messages(queue) == count

    await wait_until_async(ready, TEST_TIMEOUT_SECONDS)


async def first_message(channel: BrokerChannel, queue: str) -> Message:
    """Consume one message of a queue."""
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await channel.consume(queue, 1, arrived.put_nowait)
    return (await arrived.get()).message


@pytest.mark.integration
def test_a_message_from_a_plain_client_is_processed(broker: Settings, broker_url: str) -> None:
    """The client declares the queue without arguments and publishes three numbers."""
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
        channel = client.channel()
        channel.queue_declare("order_queue", durable=True)
        channel.basic_publish("", "order_queue", BODY)

    async def claim(channel: BrokerChannel) -> None:
        events: asyncio.Queue[OrderEvent] = asyncio.Queue()

        async def work(event: OrderEvent) -> Result:
            events.put_nowait(event)
            return Result(Outcome.DONE)

        async with running_source(new_source(broker), work):
            event = await events.get()
        assert (event.order_id, event.book_id, event.quantity) == (7, 3, 2)
        assert await channel.count_messages(ORDER_TOPOLOGY.queue) == 0

    check(broker, claim)


@pytest.mark.integration
def test_a_plain_client_can_consume_from_the_same_queue(broker: Settings, broker_url: str) -> None:
    """Its declaration without arguments is accepted, and the two consumers share the messages."""

    async def claim(channel: BrokerChannel) -> None:
        recorder = Recorder(finish)
        consumed: list[bytes] = []

        def consume_one() -> None:
            with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
                plain = client.channel()
                plain.queue_declare("order_queue", durable=True)
                plain.basic_qos(prefetch_count=1)
                for method, _, body in plain.consume("order_queue", inactivity_timeout=TEST_TIMEOUT_SECONDS):
                    assert body is not None
                    consumed.append(body)
                    plain.basic_ack(method.delivery_tag)
                    break

        async with running_source(new_source(broker, concurrency=1), recorder.handle):
            consuming = asyncio.create_task(asyncio.to_thread(consume_one))
            published = 0
            while not consuming.done():
                published += 1
                body = json.dumps({"order_id": published, "book_id": 1, "quantity": 1}).encode()
                await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(body))
            await consuming
            await wait_for(lambda: len(recorder.order_ids) + len(consumed) >= published)
        assert len(consumed) == 1

    check(broker, claim)


@pytest.mark.integration
def test_a_malformed_message_becomes_a_dead_letter_with_the_reason(broker: Settings) -> None:
    """Other messages are processed, and the letter has the whole message, the reason and the time."""

    async def claim(channel: BrokerChannel) -> None:
        exchange, key = ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key
        await channel.publish(exchange, key, Message(b"\x00nonsense", "id-1", {"theirs": 1}, "text/plain"))
        await channel.publish(exchange, key, Message(BODY))
        recorder = Recorder(finish)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for_messages(channel, ORDER_TOPOLOGY.dead_queue, 1)
            await wait_for(lambda: recorder.order_ids == [7])
        letter = await first_message(channel, ORDER_TOPOLOGY.dead_queue)
        assert (letter.body, letter.message_id, letter.content_type) == (b"\x00nonsense", "id-1", "text/plain")
        assert letter.headers["theirs"] == 1
        assert letter.headers["x-reason"] == "The message is not JSON."
        assert str(letter.headers["x-set-aside"]).startswith("20")

    check(broker, claim)


@pytest.mark.integration
def test_a_retried_message_comes_back_with_its_attempt(broker: Settings) -> None:
    """It waits in the contract's retry queue for its delay. Done the second time, it is in no queue."""

    async def claim(channel: BrokerChannel) -> None:
        attempts: list[int] = []

        async def work(event: OrderEvent) -> Result:
            attempts.append(event.attempt)
            return Result(Outcome.DONE if event.attempt else Outcome.RETRY, "reason")

        message = Message(BODY, headers={"x-request-id": "r"})
        await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, message)
        async with running_source(new_source(broker), work):
            await wait_for(lambda: len(attempts) == 2)
        assert attempts == [0, 1]
        for queue in (ORDER_TOPOLOGY.queue, ORDER_TOPOLOGY.dead_queue):
            assert await channel.count_messages(queue) == 0

    check(broker, claim)


@pytest.mark.integration
def test_a_retried_message_returns_to_the_queue_that_it_came_from(broker: Settings) -> None:
    """A message that is sent again does not return to the queue that other clients consume too."""

    async def claim(channel: BrokerChannel) -> None:
        attempts: list[int] = []

        async def work(event: OrderEvent) -> Result:
            attempts.append(event.attempt)
            return await never_finish(event) if event.attempt else Result(Outcome.RETRY, "reason")

        async with running_source(new_source(broker), work):
            await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.resent_routing_key, Message(BODY))
            await wait_for(lambda: attempts == [0, 1])
        returned = await first_message(channel, ORDER_TOPOLOGY.resent.name)
        assert (returned.attempt(), await channel.count_messages(ORDER_TOPOLOGY.queue)) == (1, 0)

    check(broker, claim)


@pytest.mark.integration
def test_both_queues_share_the_concurrency(broker: Settings) -> None:
    """With forty messages in each queue, ten orders are in work at a time, and orders of both queues end."""

    async def claim(channel: BrokerChannel) -> None:
        for number in range(80):
            key = ORDER_TOPOLOGY.resent_routing_key if number % 2 else ORDER_TOPOLOGY.routing_key
            body = json.dumps({"order_id": number + 1, "book_id": 1, "quantity": 1}).encode()
            await channel.publish(ORDER_TOPOLOGY.exchange, key, Message(body))

        async def work(_: OrderEvent) -> Result:
            await asyncio.sleep(0.002)
            return Result(Outcome.DONE)

        recorder = Recorder(work)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for(lambda: sorted(recorder.order_ids) == list(range(1, 81)))
        assert recorder.max_concurrent == 10

    check(broker, claim)


@pytest.mark.integration
def test_a_source_that_stops_leaves_its_messages_in_the_queue(broker: Settings) -> None:
    """All messages that it had taken are ready again, by the broker's own count."""

    async def claim(channel: BrokerChannel) -> None:
        for _ in range(20):
            await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(BODY))
        recorder = Recorder(never_finish)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for(lambda: len(recorder.order_ids) == 10)
            assert await channel.count_messages(ORDER_TOPOLOGY.queue) == 10
        await wait_for_messages(channel, ORDER_TOPOLOGY.queue, 20)

    check(broker, claim)


@pytest.mark.integration
def test_a_deleted_queue_is_declared_again(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """The source does not keep waiting for messages of a queue that no longer exists."""

    async def claim(channel: BrokerChannel) -> None:
        recorder = Recorder(finish)
        async with running_source(new_source(broker), recorder.handle):
            await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(BODY))
            await wait_for(lambda: len(recorder.order_ids) == 1)
            await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{ORDER_TOPOLOGY.queue}")
            await channel.declare(ORDER_TOPOLOGY)
            await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(BODY))
            await wait_for(lambda: len(recorder.order_ids) == 2)

    check(broker, claim)


@pytest.mark.integration
def test_a_message_whose_retry_is_refused_stays_in_its_queue(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """Without the retry queue the message stays, and its order is repeated; the retry queue is declared again."""

    async def claim(channel: BrokerChannel) -> None:
        attempts: list[int] = []

        async def work(event: OrderEvent) -> Result:
            if not attempts:
                await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{ORDER_TOPOLOGY.queue}.retry")
            attempts.append(event.attempt)
            return Result(Outcome.DONE if event.attempt else Outcome.RETRY)

        await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(BODY))
        async with running_source(new_source(broker), work):
            await wait_for(lambda: len(attempts) == 2)
        assert attempts == [0, 1]
        assert (await asyncio.to_thread(rabbit.manage, "GET", f"queues/{vhost}/{ORDER_TOPOLOGY.queue}.retry"))[
            "durable"
        ]

    check(broker, claim)


ODD_BODIES = (
    b"",
    b"\x00",
    BODY[:-1],
    b"\xff" + BODY,
    b"\xef\xbb\xbf" + BODY,
    BODY.replace(b"7", b"9" * 5000),
    BODY.replace(b"7", b"-1"),
    BODY.replace(b"7", b"1e2"),
    BODY.replace(b"7", b'"7"'),
    BODY.replace(b"7", b"null"),
    BODY.replace(b"3", b"[3]"),
    b"[" * 100_000,
    b'{"a":' * 5_000,
    BODY.decode().encode("utf-16"),
    gzip.compress(BODY),
    BODY.ljust(1_000_000),
)
ODD_HEADERS: tuple[dict[str, Any], ...] = (
    {},
    {"x-death": "forged", "x-attempt": [1]},
    {"x-death": ["forged"], "x-attempt": -(2**63)},
    {"x-death": [{"reason": 5, "time": "now"}], "x-attempt": 2**62, "x-reason": {"a": b"\xff"}, "x-set-aside": 7},
)


@pytest.mark.integration
def test_every_odd_message_becomes_a_dead_letter_with_a_reason(
    broker: Settings, broker_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Valid messages between them are processed, whatever their headers and encodings are; the letters are listed."""
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
        channel = client.channel()
        channel.queue_declare("order_queue", durable=True)
        for number, body in enumerate(ODD_BODIES):
            for headers in ODD_HEADERS:
                odd = pika.BasicProperties(content_encoding="unknown", headers=headers)
                channel.basic_publish("", "order_queue", body, odd)
            valid = json.dumps({"order_id": number + 1, "book_id": 1, "quantity": 1}).encode()
            channel.basic_publish("", "order_queue", valid, odd)

    async def claim(channel: BrokerChannel) -> None:
        recorder = Recorder(finish)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for_messages(channel, ORDER_TOPOLOGY.dead_queue, len(ODD_BODIES) * len(ODD_HEADERS))
            await wait_for(lambda: set(recorder.order_ids) == set(range(1, len(ODD_BODIES) + 1)))

    check(broker, claim)
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    for action in (["list"], ["show", "any"]):
        commands.main(parser.parse_args(["dead", *action]), broker, ORDER_TOPOLOGY)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == len(ODD_BODIES) * len(ODD_HEADERS)
    assert all(line.rstrip().endswith(".") for line in lines)


@pytest.mark.integration
def test_a_broker_that_does_not_wait_for_an_acknowledgement_delivers_again(broker: Settings, rabbit: Broker) -> None:
    """Its consumer timeout ends the channel; the source connects again, and the order ends."""

    async def claim(channel: BrokerChannel) -> None:
        await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(BODY))
        recorder = Recorder(slow_at_first)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for(lambda: len(recorder.order_ids) == 2)
        assert await channel.count_messages(ORDER_TOPOLOGY.queue) == 0

    started = 0

    async def slow_at_first(event: OrderEvent) -> Result:
        nonlocal started
        started += 1
        return await (never_finish if started == 1 else finish)(event)

    with environment(rabbit, consumer_timeout=300, channel_tick_interval=100):
        check(broker, claim)


@contextmanager
def environment(rabbit: Broker, **milliseconds: int) -> Iterator[None]:
    """Set variables of the broker for channels that are opened in the block."""
    defaults = {"consumer_timeout": 1_800_000, "channel_tick_interval": 60_000}
    set_all = partial(_set_environment, rabbit)
    set_all(milliseconds)
    try:
        yield
    finally:
        set_all(defaults)


def _set_environment(rabbit: Broker, milliseconds: dict[str, int]) -> None:
    rabbit.control(
        "eval", " ".join(f"application:set_env(rabbit, {k}, {v})," for k, v in milliseconds.items()) + " ok."
    )


@pytest.mark.integration
def test_a_broker_that_blocks_publishers_still_delivers(broker: Settings, rabbit: Broker) -> None:
    """Orders of a full queue end although one of them is retried, and so they can free the broker's memory."""

    async def claim(channel: BrokerChannel) -> None:
        for number in range(30):
            body = json.dumps({"order_id": number + 1, "book_id": 1, "quantity": 1}).encode()
            await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(body))
        rabbit.control("set_vm_memory_high_watermark", "0.0001")

        async def work(event: OrderEvent) -> Result:
            return Result(Outcome.RETRY if (event.order_id, event.attempt) == (1, 0) else Outcome.DONE)

        recorder = Recorder(work)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for(lambda: set(recorder.order_ids) == set(range(1, 31)))
            await wait_for(lambda: recorder.order_ids.count(1) == 2)
        assert await channel.count_messages(ORDER_TOPOLOGY.queue) == 0

    try:
        check(broker, claim)
    finally:
        rabbit.control("set_vm_memory_high_watermark", "0.4")


@pytest.mark.integration
def test_properties_of_any_type_do_not_block_a_message(broker: Settings, broker_url: str) -> None:
    """Neither properties that are not text nor headers of any type stop an order, and a dead letter keeps them."""
    headers = {"x-request-id": "two\nlines", "bytes": b"\xff", "none": None, "list": [1, {"a": "b"}], "x-attempt": "1"}
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as client:
        channel = client.channel()
        channel.queue_declare("order_queue", durable=True)
        for body in (BODY, b"nonsense"):
            properties = pika.BasicProperties(message_id=b"\xff", content_type=b"\xfe", headers=headers)
            channel.basic_publish("", "order_queue", body, properties)

    async def claim(channel: BrokerChannel) -> None:
        recorder = Recorder(finish)
        async with running_source(new_source(broker), recorder.handle):
            await wait_for_messages(channel, ORDER_TOPOLOGY.dead_queue, 1)
            await wait_for(lambda: recorder.order_ids == [7])
        letter = await first_message(channel, ORDER_TOPOLOGY.dead_queue)
        assert letter.headers["list"] == [1, {"a": "b"}]
        assert (letter.body, letter.content_type, len(letter.message_id)) == (b"nonsense", "application/json", 36)

    check(broker, claim)
