"""What exists at the broker is used as it is, and what an operator has to change is reported in a sentence."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pytest
from structlog.testing import capture_logs

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker, keep_connected
from mesh.broker.errors import ConnectionLostError, MisconfiguredError
from mesh.broker.messages import Message
from mesh.broker.settings import Settings, broker_settings
from mesh.broker.status import BrokerStatus
from mesh.tests.test_broker import THINGS, TIMEOUT_SECONDS, consume
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

Declare = Callable[[Any], object]
PASSWORD = "secret"


@contextmanager
def declared(broker_url: str, declare: Declare) -> Iterator[None]:
    """Declare something as another client does, and keep its connection for the block."""
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
        declare(connection.channel())
        yield


def on_connection(broker: Settings, claim: Callable[[BrokerChannel], Awaitable[None]]) -> None:
    """Run a claim on a channel, before anything is declared."""

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS), connect_to_broker(broker) as channel:
            await claim(channel)

    asyncio.run(run())


@pytest.mark.parametrize(
    "arguments",
    [
        {"x-queue-type": "quorum"},
        {"x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-exchange": "theirs"},
        {"x-max-length": 1000, "x-overflow": "reject-publish", "x-max-priority": 3},
    ],
)
def test_a_queue_of_another_type_is_used(broker: Settings, broker_url: str, arguments: dict[str, Any]) -> None:
    """An operator declared all queues so. Messages are published and consumed, and nothing is reported."""

    def declare(channel: Any) -> None:
        for queue in THINGS.queues:
            channel.queue_declare(queue.name, durable=True, arguments={**arguments, **queue.arguments})

    async def claim(channel: BrokerChannel) -> None:
        assert (await channel.declare(THINGS)).problems == ()
        for key in (THINGS.routing_key, THINGS.resent_routing_key):
            await channel.publish(THINGS.exchange, key, Message(b"1"))
        await channel.publish(THINGS.retry_exchange, THINGS.first.retry_key(0), Message(b"retried"))
        assert (await channel.declare(THINGS)).waiting >= 2
        bodies = [delivery.message.body for delivery in await consume(channel, THINGS.queue, 2)]
        assert bodies == [b"1", b"retried"]

    with declared(broker_url, declare):
        on_connection(broker, claim)


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda channel: channel.queue_declare(
                THINGS.queue, durable=True, arguments={"x-queue-type": "quorum", "x-message-ttl": 60000}
            ),
            "The queue thing_queue drops messages that are 60000 ms old (x-message-ttl).",
        ),
        (
            lambda channel: channel.queue_declare(THINGS.resent.name, durable=False, auto_delete=False),
            "The queue thing_queue.resent does not survive a restart of the broker (it is not durable).",
        ),
        (
            lambda channel: channel.queue_declare(
                THINGS.first.retry_queues()[0].name, durable=True, arguments={"x-dead-letter-exchange": "elsewhere"}
            ),
            ("The queue thing_queue.retry does not return its messages as it must"
            " (x-message-ttl, x-dead-letter-exchange, x-dead-letter-routing-key)."),
        ),
        (
            lambda channel: channel.exchange_declare(THINGS.exchange, "fanout", durable=True),
            "The exchange things has the type fanout instead of direct.",
        ),
    ],
)  # fmt: skip
def test_what_loses_messages_is_used_and_reported(
    broker: Settings, broker_url: str, declare: Declare, sentence: str
) -> None:
    """Each difference is known, not only the first one; the report ends when the operator has repaired it."""

    async def claim(channel: BrokerChannel) -> None:
        assert (await channel.declare(THINGS)).problems == (sentence,)
        await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))
        await asyncio.to_thread(remove, broker_url)
        assert (await channel.declare(THINGS)).problems == ()

    with declared(broker_url, declare):
        on_connection(broker, claim)


def remove(broker_url: str) -> None:
    """Delete all exchanges and queues, as an operator may."""
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
        channel = connection.channel()
        for queue in THINGS.queues:
            channel.queue_delete(queue.name)
        for exchange in THINGS.exchanges:
            channel.exchange_delete(exchange.name)


def test_a_queue_that_belongs_to_another_connection_is_an_error(broker: Settings, broker_url: str) -> None:
    """It cannot be consumed until its owner leaves."""

    async def claim(channel: BrokerChannel) -> None:
        with pytest.raises(MisconfiguredError, match="The queue thing_queue cannot be used: RESOURCE_LOCKED"):
            await channel.declare(THINGS)

    with declared(broker_url, lambda channel: channel.queue_declare(THINGS.queue, durable=True, exclusive=True)):
        on_connection(broker, claim)


def account(rabbit: Broker, vhost: str, name: str, password: str = PASSWORD, **permissions: str) -> Settings:
    """Return the settings of an account that has no permission but these."""
    rabbit.manage("PUT", f"users/{name}", {"password": password, "tags": ""})
    nothing = dict.fromkeys(("configure", "write", "read"), "^$")
    rabbit.manage("PUT", f"permissions/{vhost}/{name}", {**nothing, **permissions})
    settings = broker_settings({"RABBIT_URL": f"amqp://{name}:{password}@127.0.0.1:{rabbit.port}/{vhost}"})
    assert settings
    return settings


def test_an_account_that_may_not_declare_uses_what_exists(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """A publisher needs to write to one exchange, and a consumer to read two queues."""
    publisher = account(rabbit, vhost, f"{vhost}-publisher", write="^things$")
    consumer = account(rabbit, vhost, f"{vhost}-consumer", read=r"^thing_queue(\.resent)?$")

    async def fail(channel: BrokerChannel) -> None:
        with pytest.raises(MisconfiguredError, match="The exchange things does not exist and cannot be created: ACCES"):
            await channel.declare(THINGS)

    async def declare(channel: BrokerChannel) -> None:
        await channel.declare(THINGS)

    async def publish(channel: BrokerChannel) -> None:
        assert (await channel.declare(THINGS)).problems == ()
        await channel.publish(THINGS.exchange, THINGS.resent_routing_key, Message(b"1"))
        assert (await channel.declare(THINGS)).waiting == 1
        with pytest.raises(MisconfiguredError, match="access to queue"):
            await channel.consume(THINGS.queue, 1, lambda _: None)

    async def take(channel: BrokerChannel) -> None:
        await channel.declare(THINGS)
        (delivery,) = await consume(channel, THINGS.resent.name, 1)
        channel.ack(delivery.tag)
        with pytest.raises(MisconfiguredError, match="access to exchange"):
            await channel.publish(THINGS.exchange, THINGS.routing_key, Message(b"1"))

    for settings, claim in ((publisher, fail), (broker, declare), (publisher, publish), (consumer, take)):
        on_connection(settings, claim)


@pytest.mark.parametrize(
    ("password", "has_permission", "reason"),
    [("wrong", True, "ACCESS_REFUSED - Login was refused"), (PASSWORD, False, "NOT_ALLOWED - access to vhost")],
)
def test_a_wrong_setting_is_reported_until_it_works(
    rabbit: Broker, vhost: str, password: str, reason: str, *, has_permission: bool
) -> None:
    """No retry helps, but the connection is tried again, and the report ends when it succeeds."""
    name = f"{vhost}-shop"
    account(rabbit, vhost, name)
    if not has_permission:
        rabbit.manage("DELETE", f"permissions/{vhost}/{name}")
    settings = broker_settings({"RABBIT_URL": f"amqp://{name}:{password}@127.0.0.1:{rabbit.port}/{vhost}"})
    assert settings
    status = BrokerStatus(settings.location)

    async def run() -> None:
        with pytest.raises(MisconfiguredError, match=reason):
            async with connect_to_broker(settings):
                raise AssertionError
        connecting = asyncio.ensure_future(keep_connected(settings, THINGS, use, status))
        while not status.problem:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.05)
        assert reason in status.problem
        await asyncio.to_thread(account, rabbit, vhost, name, password, configure=".*", write=".*", read=".*")
        await asyncio.wait_for(connecting, TIMEOUT_SECONDS)
        assert status.problem == ""

    async def use(_: BrokerChannel) -> None:
        """Be content with a connection."""

    with capture_logs() as lines:
        asyncio.run(run())
    events = [line["event"] for line in lines]
    assert events.count("broker misconfigured") == events.count("broker configured") == 1


def test_a_virtual_host_that_does_not_exist_is_a_wrong_setting(rabbit: Broker) -> None:
    """The reason names it."""

    async def run() -> None:
        settings = broker_settings({"RABBIT_URL": rabbit.url("missing")})
        assert settings
        with pytest.raises(MisconfiguredError, match="vhost missing not found"):
            async with connect_to_broker(settings):
                raise AssertionError

    asyncio.run(run())


def test_a_limit_of_connections_is_no_wrong_setting(rabbit: Broker, vhost: str, broker: Settings) -> None:
    """The next attempt may succeed, because another client may have left."""
    rabbit.manage("PUT", f"vhost-limits/{vhost}/max-connections", {"value": 0})

    async def run() -> None:
        with pytest.raises(ConnectionLostError, match="limit") as raised:
            async with connect_to_broker(broker):
                raise AssertionError
        assert not isinstance(raised.value, MisconfiguredError)

    asyncio.run(run())
