"""A link to a real broker: publishes that are known to have arrived, and an end that nobody has to guess."""

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

THINGS = Topology(exchange="things", queue="thing_queue", key="thing.new")
PATIENCE = 20.0


def on_link(broker: Settings, claim: Callable[[BrokerChannel], Awaitable[None]]) -> None:
    """Runs a claim on a link, with all queues there."""

    async def run() -> None:
        async with asyncio.timeout(PATIENCE), connect_to_broker(broker) as link:
            await THINGS.declare(link)
            await claim(link)

    asyncio.run(run())


async def taken(link: BrokerChannel, queue: str, number: int) -> list[Delivery]:
    """That many messages of a queue; they are not acknowledged."""
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await link.consume(queue, 0, arrived.put_nowait)
    return [await arrived.get() for _ in range(number)]


def test_a_confirmed_message_is_in_the_queue(broker: Settings) -> None:
    """A thousand of them, published at once, in their order, with all that was said about them."""

    async def claim(link: BrokerChannel) -> None:
        messages = [Message(b"%d" % i, f"id-{i}", {"x-request-id": "r", "x-attempt": i}) for i in range(1000)]
        await asyncio.gather(*(link.publish(THINGS.exchange, THINGS.key, each) for each in messages))
        assert await link.declare_queue(THINGS.queue) == 1000
        assert [each.message for each in await taken(link, THINGS.queue, 1000)] == messages

    on_link(broker, claim)


def test_a_message_is_persistent_json_with_a_name(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """One that has no name gets one."""

    async def claim(link: BrokerChannel) -> None:
        await link.publish(THINGS.exchange, THINGS.key, Message(b"{}"))

    on_link(broker, claim)
    asked = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
    (found,) = rabbit.manage("POST", f"queues/{vhost}/{THINGS.queue}/get", asked)
    assert found["properties"]["delivery_mode"] == 2
    assert found["properties"]["content_type"] == "application/json"
    assert len(found["properties"]["message_id"]) == 36


def test_a_message_without_a_queue_is_refused(broker: Settings) -> None:
    """The broker itself would say that all is well; the others of the same batch arrive."""

    async def claim(link: BrokerChannel) -> None:
        good = link.publish(THINGS.exchange, THINGS.key, Message(b"1"))
        bad = link.publish(THINGS.exchange, "nobody's", Message(b"2"))
        await good
        with pytest.raises(PublishRefusedError, match="no queue"):
            await bad
        await link.publish(THINGS.exchange, THINGS.key, Message(b"3"))
        assert await link.declare_queue(THINGS.queue) == 2

    on_link(broker, claim)


def test_a_message_without_room_is_refused(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """Limits come by policy, and the queue says no."""
    limit = {"pattern": "thing_queue", "definition": {"max-length": 1, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)

    async def claim(link: BrokerChannel) -> None:
        answers = await asyncio.gather(
            *(link.publish(THINGS.exchange, THINGS.key, Message(b"1")) for _ in range(5)), return_exceptions=True
        )
        assert {type(answer) for answer in answers} == {type(None), PublishRefusedError}
        assert await link.declare_queue(THINGS.queue) == answers.count(None)

    on_link(broker, claim)


def test_a_message_that_waits_comes_back_by_itself(broker: Settings) -> None:
    """Each delay has its own queue, so that a short one does not stand behind a long one."""
    quick = replace(THINGS, delays=(0, 300))

    async def run() -> None:
        async with asyncio.timeout(PATIENCE), connect_to_broker(broker) as link:
            await quick.declare(link)
            await link.publish(quick.retry_exchange, quick.retry_key(1), Message(b"long"))
            await link.publish(quick.retry_exchange, quick.retry_key(0), Message(b"short"))
            (back,) = await taken(link, quick.queue, 1)
            assert back.message.body == b"short"
            assert await link.declare_queue(f"{quick.queue}.retry.300s", quick._comes_back(300)) == 1

    asyncio.run(run())


def test_the_last_delay_is_for_all_further_times() -> None:
    """And the first queue has the plain name."""
    keys = [THINGS.retry_key(attempt) for attempt in (0, 1, 2, 3, 10**6)]
    assert keys == ["thing.new", "thing.new.5s", "thing.new.15s", "thing.new.15s", "thing.new.15s"]


def test_what_another_consumer_rejects_is_kept_whatever_its_key(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """With the policy that names the exchange for dead letters; also what was published straight to the queue."""
    policy = {"pattern": f"^{THINGS.queue}$", "definition": {"dead-letter-exchange": THINGS.dead_exchange}}
    rabbit.manage("PUT", f"policies/{vhost}/dead", policy)

    async def claim(link: BrokerChannel) -> None:
        await link.publish(THINGS.exchange, THINGS.key, Message(b"1"))
        await link.publish("", THINGS.queue, Message(b"2"))

    on_link(broker, claim)
    asked = {"count": 2, "ackmode": "reject_requeue_false", "encoding": "auto"}
    assert len(rabbit.manage("POST", f"queues/{vhost}/{THINGS.queue}/get", asked)) == 2

    async def dead(link: BrokerChannel) -> None:
        letters = await taken(link, THINGS.dead_queue, 2)
        assert {each.message.body for each in letters} == {b"1", b"2"}
        assert "x-death" in letters[0].message.headers
        assert letters[0].message.without().headers == {}

    on_link(broker, dead)


def test_a_queue_with_other_arguments_is_said(broker: Settings) -> None:
    """In the broker's own words, and what waits for an answer fails."""

    async def run() -> None:
        async with connect_to_broker(broker) as link:
            await link.declare_queue(THINGS.queue, {"x-max-length": 1})
            with pytest.raises(ConnectionLostError, match="inequivalent arg 'x-max-length'"):
                await THINGS.declare(link)
            with pytest.raises(ConnectionLostError):
                await link.publish(THINGS.exchange, THINGS.key, Message(b"1"))
            with pytest.raises(ConnectionLostError):
                await link.declare_queue(THINGS.dead_queue)
            link.ack(1)  # says nothing: the message comes again

    asyncio.run(run())


def test_a_queue_that_is_deleted_ends_the_link_of_its_consumer(broker: Settings, rabbit: Broker, vhost: str) -> None:
    """Otherwise the consumer would wait for ever on a queue that is no more."""

    async def claim(link: BrokerChannel) -> None:
        await taken(link, THINGS.queue, 0)
        await asyncio.to_thread(rabbit.manage, "DELETE", f"queues/{vhost}/{THINGS.queue}")
        assert str(await link.lost) == "The queue is gone."

    on_link(broker, claim)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"RABBIT_URL": "amqp://127.0.0.1:1"}, "Connection refused"),
        ({"RABBIT_URL": "amqp://nowhere.invalid"}, "not known|name resolution"),  # the latter without a network
    ],
)
def test_a_broker_that_is_not_there_is_said(change: dict[str, str], sentence: str) -> None:
    """In one sentence, at once."""

    async def run() -> None:
        settings = broker_settings(change)
        assert settings
        with pytest.raises(ConnectionLostError, match=sentence):
            async with connect_to_broker(settings):
                raise AssertionError

    asyncio.run(run())


def test_a_password_that_is_wrong_is_said_but_not_shown(rabbit: Broker) -> None:
    """The broker's refusal is the reason."""

    async def run() -> None:
        settings = broker_settings({"RABBIT_URL": f"amqp://tests:wrong-one@127.0.0.1:{rabbit.port}"})
        assert settings
        with pytest.raises(ConnectionLostError, match="ACCESS_REFUSED") as raised:
            async with connect_to_broker(settings):
                raise AssertionError
        assert "wrong-one" not in str(raised.value)

    asyncio.run(run())


def test_with_tls_the_broker_is_checked(rabbit: Broker, vhost: str, tmp_path: Path) -> None:
    """One whose authority is known is connected to; another one is not, and the reason is said."""
    url = rabbit.url(vhost).replace(f":{rabbit.port}/", f":{rabbit.tls_port}/").replace("amqp:", "amqps:")

    def settings(**more: str) -> Settings:
        found = broker_settings({"RABBIT_URL": url, **more})
        assert found
        return found

    async def claim(link: BrokerChannel) -> None:
        await link.publish(THINGS.exchange, THINGS.key, Message(b"1"))

    async def refused(settings: Settings) -> None:
        with pytest.raises(ConnectionLostError, match="certificate verify failed"):
            async with connect_to_broker(settings):
                raise AssertionError

    on_link(settings(RABBIT_TLS_CA=str(rabbit.authority.file)), claim)
    other = Authority(tmp_path / "other").file
    for unknown in (settings(), settings(RABBIT_TLS_CA=str(other))):
        asyncio.run(refused(unknown))


def test_a_lost_link_is_made_again_and_said_once(rabbit: Broker, vhost: str) -> None:
    """However often it is tried in vain, there is one line; and one when the broker is back."""
    gate = TcpProxy(rabbit.port)
    settings = broker_settings({"RABBIT_URL": rabbit.url(vhost).replace(f":{rabbit.port}/", f":{gate.port}/")})
    assert settings
    links = 0

    async def use(link: BrokerChannel) -> None:
        nonlocal links
        links += 1
        if links == 1:
            await asyncio.to_thread(gate.close)
            waiting = link.publish(THINGS.exchange, THINGS.key, Message(b"1"))
            with pytest.raises(ConnectionLostError):
                await waiting
            asyncio.get_running_loop().call_later(0.5, gate.open)
            raise link.lost.result()

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.5, gate.open)
        async with asyncio.timeout(PATIENCE):
            await keep_connected(settings, THINGS, use)

    with capture_logs() as lines:
        asyncio.run(run())
    gate.close()
    said = [line["event"] for line in lines]
    assert links == 2
    assert said.count("broker connected") == 2
    assert 2 <= said.count("broker lost") <= 3


def test_a_broker_that_blocks_is_said_and_left(rabbit: Broker, broker: Settings) -> None:
    """It takes nothing and does not listen to a goodbye either; nobody waits for it at the end."""

    async def run() -> None:
        async with asyncio.timeout(PATIENCE), connect_to_broker(broker) as link:
            await THINGS.declare(link)
            waiting = link.publish(THINGS.exchange, THINGS.key, Message(b"1"))
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
    assert [line["event"] for line in lines] == ["broker blocks"]


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_a_link_that_is_given_up_while_it_is_made_leaves_nothing_open(broker: Settings) -> None:
    """Whenever that is: before, in, or just after the handshake."""

    async def use() -> None:
        async with connect_to_broker(broker):
            await asyncio.Event().wait()

    async def give_up(after: float) -> None:
        using = asyncio.ensure_future(use())
        await asyncio.wait([using], timeout=after)
        using.cancel()
        await asyncio.wait([using])

    with warnings.catch_warnings(record=True) as told:
        for milliseconds in range(30):
            asyncio.run(give_up(milliseconds / 1000))
        gc.collect()
    assert [str(each.message) for each in told] == []
