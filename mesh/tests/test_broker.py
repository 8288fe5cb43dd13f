"""A real broker confirms what it stores, and the reason of a lost connection is known."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker, keep_connected
from mesh.broker.errors import ConnectionLostError, PublishRefusedError
from mesh.broker.messages import Delivery, Message
from mesh.broker.settings import Settings, broker_settings
from mesh.broker.topology import Topology
from tests.servers.certificates import Authority
from tests.servers.proxy import TcpProxy
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

THINGS = Topology(exchange="things", queue="thing_queue", routing_key="thing.new", resent_routing_key="thing.again")
TIMEOUT_SECONDS = 20.0


def on_channel(broker: Settings, claim: Callable[[BrokerChannel], Awaitable[None]]) -> None:
    """Run a claim on a channel, with all queues declared."""

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS), connect_to_broker(broker) as channel:
            await channel.declare(THINGS)
            await claim(channel)

    asyncio.run(run())


async def consume(channel: BrokerChannel, queue: str, number: int) -> list[Delivery]:
    """Return this many messages of a queue, unacknowledged."""
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await channel.consume(queue, 0, arrived.put_nowait)
    return [await arrived.get() for _ in range(number)]


def test_a_confirmed_message_is_in_the_queue(broker: Settings) -> None:
    """A thousand messages, published at once, arrive in order, with their ids and headers."""

    async def claim(channel: BrokerChannel) -> None:
        messages = [Message(b"%d" % i, f"id-{i}", {"x-request-id": "r", "x-attempt": i}) for i in range(1000)]
        await asyncio.gather(*(channel.publish(THINGS.exchange, THINGS.routing_key, each) for each in messages))
        assert await channel.count_messages(THINGS.queue) == 1000
        assert [each.message for each in await consume(channel, THINGS.queue, 1000)] == messages

    on_channel(broker, claim)


def test_a_message_is_persistent_json_with_an_id(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """A message without an id gets one."""

    async def claim(channel: BrokerChannel) -> None:
        await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"{}"))

    on_channel(broker, claim)
    request = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
    (message,) = rabbit.manage("POST", f"queues/{vhost}/{THINGS.queue}/get", request)
    assert message["properties"]["delivery_mode"] == 2
    assert message["properties"]["content_type"] == "application/json"
    assert len(message["properties"]["message_id"]) == 36


def test_a_message_without_a_queue_is_refused(broker: Settings) -> None:
    """The broker itself would confirm it; the other messages of the same batch arrive."""

    async def claim(channel: BrokerChannel) -> None:
        good = channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
        bad = channel.publish(THINGS.exchange, "unbound.key", Message(b"2"))
        await good
        with pytest.raises(PublishRefusedError, match="no queue"):
            await bad
        await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"3"))
        assert await channel.count_messages(THINGS.queue) == 2

    on_channel(broker, claim)


def test_a_message_without_room_is_refused(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """A policy limits the queue, and the queue rejects further messages."""
    limit = {"pattern": "thing_queue", "definition": {"max-length": 1, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)

    async def claim(channel: BrokerChannel) -> None:
        results = await asyncio.gather(
            *(channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1")) for _ in range(5)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {type(None), PublishRefusedError}
        assert await channel.count_messages(THINGS.queue) == results.count(None)

    on_channel(broker, claim)


def test_a_message_in_a_retry_queue_returns_by_itself(broker: Settings) -> None:
    """Each delay has its own queue, so that a short delay does not wait for a long one."""
    quick = replace(THINGS, retry_delays_seconds=(0, 300))

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS), connect_to_broker(broker) as channel:
            await channel.declare(quick)
            await channel.publish(quick.retry_exchange, quick.first.retry_key(1), Message(b"long"))
            await channel.publish(quick.retry_exchange, quick.first.retry_key(0), Message(b"short"))
            (delivery,) = await consume(channel, quick.queue, 1)
            assert delivery.message.body == b"short"
            _, long = quick.first.retry_queues()
            assert (long.name, await channel.count_messages(long.name)) == ("thing_queue.retry.300s", 1)

    asyncio.run(run())


def test_the_last_delay_applies_to_all_further_attempts() -> None:
    """The first retry queue has the plain routing key."""
    keys = [THINGS.first.retry_key(attempt) for attempt in (0, 1, 2, 3, 10**6)]
    assert keys == ["thing.new", "thing.new.5s", "thing.new.15s", "thing.new.15s", "thing.new.15s"]


def test_a_message_that_another_consumer_rejects_is_kept(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """A policy names the exchange for dead letters; a message that was published to the queue itself is kept too."""
    policy = {"pattern": f"^{THINGS.queue}$", "definition": {"dead-letter-exchange": THINGS.dead_exchange}}
    rabbit.manage("PUT", f"policies/{vhost}/dead", policy)

    async def claim(channel: BrokerChannel) -> None:
        await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
        await channel.publish("", THINGS.queue, Message(b"2"))

    on_channel(broker, claim)
    request = {"count": 2, "ackmode": "reject_requeue_false", "encoding": "auto"}
    assert len(rabbit.manage("POST", f"queues/{vhost}/{THINGS.queue}/get", request)) == 2

    async def dead(channel: BrokerChannel) -> None:
        letters = await consume(channel, THINGS.dead_queue, 2)
        assert {each.message.body for each in letters} == {b"1", b"2"}
        assert "x-death" in letters[0].message.headers
        assert letters[0].message.without_headers().headers == {}

    on_channel(broker, dead)


def test_an_error_of_the_channel_ends_the_connection(broker: Settings) -> None:
    """The message is the broker's own, and pending operations fail."""

    async def claim(channel: BrokerChannel) -> None:
        with pytest.raises(ConnectionLostError, match="no exchange 'nowhere'"):
            await channel.publish("nowhere", THINGS.routing_key, Message(b"1"))
        with pytest.raises(ConnectionLostError):
            await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
        with pytest.raises(ConnectionLostError):
            await channel.count_messages(THINGS.dead_queue)
        channel.ack(1)  # does nothing: the message is delivered again

    on_channel(broker, claim)


def test_a_deleted_queue_ends_the_connection_of_its_consumer(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """Otherwise the consumer would wait without end for a queue that does not exist."""

    async def claim(channel: BrokerChannel) -> None:
        await consume(channel, THINGS.queue, 0)
        await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{THINGS.queue}")
        assert str(await channel.lost) == "The queue was deleted."

    on_channel(broker, claim)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"RABBIT_URL": "amqp://127.0.0.1:1"}, "Connection refused"),
        ({"RABBIT_URL": "amqp://nowhere.invalid"}, "not known|name resolution"),  # the latter without a network
    ],
)
def test_a_missing_broker_is_an_error(change: dict[str, str], sentence: str) -> None:
    """The error is one sentence, and comes at once."""

    async def run() -> None:
        settings = broker_settings(change)
        assert settings
        with pytest.raises(ConnectionLostError, match=sentence):
            async with connect_to_broker(settings):
                raise AssertionError

    asyncio.run(run())


def test_a_node_that_is_down_is_skipped(rabbit: Broker, vhost: str) -> None:
    """The other hosts of the URL are tried at once, whatever their order is."""
    url = rabbit.url(vhost).replace("@", "@127.0.0.1:1,127.0.0.1:2,")
    for _ in range(5):
        settings = broker_settings({"RABBIT_URL": url})
        assert settings
        on_channel(settings, publish_one)


async def publish_one(channel: BrokerChannel) -> None:
    """Publish a message."""
    await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))


def test_a_wrong_password_is_an_error_that_does_not_contain_it(rabbit: Broker) -> None:
    """The reason is the broker's refusal."""

    async def run() -> None:
        settings = broker_settings({"RABBIT_URL": f"amqp://tests:wrong-one@127.0.0.1:{rabbit.port}"})
        assert settings
        with pytest.raises(ConnectionLostError, match="ACCESS_REFUSED") as raised:
            async with connect_to_broker(settings):
                raise AssertionError
        assert "wrong-one" not in str(raised.value)

    asyncio.run(run())


def test_with_tls_the_certificate_of_the_broker_is_verified(rabbit: Broker, vhost: str, tmp_path: Path) -> None:
    """A certificate of a known authority is accepted; another one is an error with the reason."""
    url = rabbit.url(vhost).replace(f":{rabbit.port}/", f":{rabbit.tls_port}/").replace("amqp:", "amqps:")

    def settings(**more: str) -> Settings:
        result = broker_settings({"RABBIT_URL": url, **more})
        assert result
        return result

    async def claim(channel: BrokerChannel) -> None:
        await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))

    async def fail(settings: Settings) -> None:
        with pytest.raises(ConnectionLostError, match="certificate verify failed"):
            async with connect_to_broker(settings):
                raise AssertionError

    on_channel(settings(RABBIT_TLS_CA=str(rabbit.authority.file)), claim)
    other = Authority(tmp_path / "other").file
    for unknown in (settings(), settings(RABBIT_TLS_CA=str(other))):
        asyncio.run(fail(unknown))


def test_a_lost_connection_is_made_again_and_logged_once(rabbit: Broker, vhost: str) -> None:
    """Repeated failures are one line; the reconnect is another."""
    gate = TcpProxy(rabbit.port)
    settings = broker_settings({"RABBIT_URL": rabbit.url(vhost).replace(f":{rabbit.port}/", f":{gate.port}/")})
    assert settings
    connections = 0

    async def use(channel: BrokerChannel) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await asyncio.to_thread(gate.close)
            waiting = channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
            with pytest.raises(ConnectionLostError):
                await waiting
            asyncio.get_running_loop().call_later(0.5, gate.open)
            raise channel.lost.result()

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.5, gate.open)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await keep_connected(settings, THINGS, use)

    with capture_logs() as lines:
        asyncio.run(run())
    gate.close()
    events = [line["event"] for line in lines]
    assert connections == 2
    assert events.count("broker connected") == 2
    assert 2 <= events.count("broker lost") <= 3


def test_a_broker_that_blocks_is_logged_and_disconnected(rabbit: Broker, broker: Settings) -> None:
    """It accepts no message and does not respond to the close, which therefore has a time limit."""

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS), connect_to_broker(broker, close_timeout_seconds=0.3) as channel:
            await channel.declare(THINGS)
            waiting = channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
            done, _ = await asyncio.wait([waiting], timeout=0.5)
            assert not done
        with pytest.raises(ConnectionLostError):
            await waiting

    rabbit.control("set_vm_memory_high_watermark", "0.0001")
    try:
        with capture_logs() as lines:
            asyncio.run(run())
    finally:
        rabbit.control("set_vm_memory_high_watermark", "0.4")
    assert [line["event"] for line in lines] == ["broker blocked"]


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_a_cancelled_connection_attempt_leaves_nothing_open(broker: Settings) -> None:
    """It may be cancelled before, in, or just after the handshake."""

    async def use() -> None:
        async with connect_to_broker(broker):
            await asyncio.Event().wait()

    async def give_up(after: float) -> None:
        using = asyncio.ensure_future(use())
        await asyncio.wait([using], timeout=after)
        using.cancel()
        await asyncio.wait([using])

    with warnings.catch_warnings(record=True) as caught:
        for milliseconds in range(30):
            asyncio.run(give_up(milliseconds / 1000))
        gc.collect()
    assert [str(each.message) for each in caught] == []


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_a_close_that_is_cancelled_leaves_nothing_open(broker: Settings) -> None:
    """A program may stop while a connection closes; the close still ends before the event loop does."""

    async def use(leaving: asyncio.Event) -> None:
        async with connect_to_broker(broker):
            leaving.set()

    async def cancel_the_close() -> None:
        leaving = asyncio.Event()
        using = asyncio.ensure_future(use(leaving))
        await leaving.wait()
        using.cancel()
        await asyncio.wait([using])
        assert using.cancelled()

    with warnings.catch_warnings(record=True) as caught:
        for _ in range(5):
            asyncio.run(cancel_the_close())
        gc.collect()
    assert [str(each.message) for each in caught] == []
