"""Operators see what was set aside, and send it back without losing any."""

import argparse
import asyncio
import json
from collections.abc import Callable

import pytest

from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Delivery, Message
from mesh.broker.settings import Settings, broker_settings
from tests.servers.rabbitmq import Broker
from worker import dead
from worker.queue import ORDERS

pytestmark = pytest.mark.integration

Command = Callable[..., tuple[int, str, str]]
BODY = b'{"order_id": 7, "book_id": 3, "quantity": 2}'
WHY = {"x-request-id": "r", "x-reason": "NOT_FOUND: no", "x-set-aside": "2026-01-02T03:04:05+00:00", "x-attempt": 3}


@pytest.fixture
def command(broker: Settings, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `python -m worker dead …` here; answers its exit status and what it printed."""

    def run(*arguments: str, on: Settings | None = broker) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        dead.add_commands(parser.add_subparsers())
        status = dead.main(parser.parse_args(["dead", *arguments]), on, ORDERS)
        return status, *capsys.readouterr()

    return run


def put(broker: Settings, *messages: Message) -> None:
    """Sets messages aside."""

    async def run() -> None:
        async with connect_to_broker(broker) as link:
            await ORDERS.declare(link)
            for message in messages:
                await link.publish(ORDERS.dead_exchange, ORDERS.routing_key, message)

    asyncio.run(run())


def left(broker: Settings, queue: str) -> list[Message]:
    """The messages in a queue, which they leave."""

    async def run() -> list[Message]:
        async with connect_to_broker(broker) as link:
            number = await link.declare_queue(queue)
            arrived: asyncio.Queue[Delivery] = asyncio.Queue()
            await link.consume(queue, 0, arrived.put_nowait)
            found = [await arrived.get() for _ in range(number)]
            for each in found:
                link.ack(each.tag)
            return [each.message for each in found]

    return asyncio.run(run())


def test_without_dead_letters_the_list_says_so(command: Command) -> None:
    """Even on a broker that has never seen the bookstore."""
    assert command("list") == (0, "There are no dead letters.\n", "")


def test_the_list_has_a_line_for_each(command: Command, broker: Settings) -> None:
    """Id, order, when and why; looking changes nothing."""
    put(broker, Message(BODY, "id-1", WHY), Message(b"nonsense", "id-2", {"x-reason": "The message is not JSON."}))
    for _ in range(2):
        status, printed, _ = command("list")
        head, first, second = printed.splitlines()
        assert (status, head.split()) == (0, ["ID", "ORDER", "SET", "ASIDE", "REASON"])
        assert first.split() == ["id-1", "7", "2026-01-02T03:04:05+00:00", "NOT_FOUND:", "no"]
        assert second.split(maxsplit=3) == ["id-2", "-", "-", "The message is not JSON."]
    assert [each.message_id for each in left(broker, ORDERS.dead_queue)] == ["id-1", "id-2"]


def test_one_is_shown_whole(command: Command, broker: Settings) -> None:
    """As JSON, with the body as it came; a letter without an id has one made from its body."""
    put(broker, Message(BODY, "id-1", WHY), Message(b"\xffnonsense\x1b[2J", "", content_type="text/plain"))
    status, printed, _ = command("show", "id-1")
    shown = json.loads(printed)
    assert (status, shown["order_id"], json.loads(shown["body"])["book_id"]) == (0, "7", 3)
    assert (shown["reason"], shown["headers"]["x-attempt"]) == ("NOT_FOUND: no", 3)
    listed = command("list")[1].splitlines()[2].split()[0]
    _, printed, _ = command("show", listed)
    assert json.loads(printed)["body"] == "\\xffnonsense\x1b[2J"
    assert "\x1b" not in printed


def test_nothing_in_a_message_steers_the_terminal(command: Command, broker: Settings) -> None:
    """Anybody with the broker's password may have written it."""
    put(broker, Message(b'{"order_id": "\\u001b[2J\\n7"}', "\x1b[2J", {"x-reason": "a\nb\x07"}))
    _, printed, _ = command("list")
    assert len(printed.splitlines()) == 2
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_one_is_sent_back_and_the_others_stay(command: Command, broker: Settings) -> None:
    """It begins anew: its attempts and the reason are gone, the request that it comes from is not."""
    put(broker, *(Message(BODY, f"id-{i}", WHY) for i in range(3)))
    assert command("redrive", "id-1") == (0, "Sent back: 1.\n", "")
    (back,) = left(broker, ORDERS.queue)
    assert back == Message(BODY, "id-1", {"x-request-id": "r"})
    assert [each.message_id for each in left(broker, ORDERS.dead_queue)] == ["id-0", "id-2"]


def test_all_are_sent_back(command: Command, broker: Settings) -> None:
    """In their order; once more, and there is nothing to do."""
    put(broker, *(Message(BODY, f"id-{i}", WHY) for i in range(50)))
    assert command("redrive", "--all") == (0, "Sent back: 50.\n", "")
    assert [each.message_id for each in left(broker, ORDERS.queue)] == [f"id-{i}" for i in range(50)]
    assert command("redrive", "--all") == (0, "Sent back: 0.\n", "")


def test_what_the_queue_does_not_take_stays_dead(
    command: Command, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """A full queue refuses; the letter is where it was, and the command says so."""
    limit = {"pattern": "^order_queue$", "definition": {"max-length": 1, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)
    put(broker, *(Message(BODY, f"id-{i}", WHY) for i in range(5)))
    status, _, said = command("redrive", "--all")
    assert (status, said.count("\n")) == (1, 1)
    assert "There is no room for the message." in said
    ids = [each.message_id for queue in (ORDERS.queue, ORDERS.dead_queue) for each in left(broker, queue)]
    assert sorted(ids) == [f"id-{i}" for i in range(5)]


@pytest.mark.parametrize("action", ["show", "redrive"])
def test_an_unknown_letter_is_said(command: Command, broker: Settings, action: str) -> None:
    """In one sentence; the others stay."""
    put(broker, Message(BODY, "id-1"))
    assert command(action, "id-2") == (1, "", "worker: There is no dead letter id-2.\n")
    assert len(left(broker, ORDERS.dead_queue)) == 1


def test_a_letter_that_another_consumer_rejected_tells_when(
    command: Command, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """The broker itself wrote when and why, where the policy for dead letters is set."""
    policy = {"pattern": "^order_queue$", "definition": {"dead-letter-exchange": "orders.dlx"}}
    rabbit.manage("PUT", f"policies/{vhost}/dead", policy)
    put(broker)
    rabbit.manage("POST", f"exchanges/{vhost}/orders/publish", {
        "properties": {"message_id": "id-1"}, "routing_key": "order.new", "payload": "{}", "payload_encoding": "string"
    })  # fmt: skip
    asked = {"count": 1, "ackmode": "reject_requeue_false", "encoding": "auto"}
    assert rabbit.manage("POST", f"queues/{vhost}/order_queue/get", asked)
    line = command("list")[1].splitlines()[1].split()
    assert (line[0], line[1], line[2][:2], line[3]) == ("id-1", "-", "20", "rejected")


def test_without_a_broker_one_sentence_says_so(command: Command) -> None:
    """None is configured, or none is there."""
    status, _, said = command("list", on=None)
    assert (status, said) == (2, "worker: No broker is configured: set RABBIT_HOST or RABBIT_URL.\n")
    nobody = broker_settings({"RABBIT_URL": "amqp://u:secret@127.0.0.1:1"})
    status, _, said = command("list", on=nobody)
    assert status == 1
    assert said.startswith("worker: The broker at 127.0.0.1:1 cannot be used: ")
    assert said.count("\n") == 1
    assert "secret" not in said
