"""Operators list dead letters and send them back without losing any."""

import argparse
import asyncio
import json
from collections.abc import Callable

import pytest

from mesh.broker.connection import connect_to_broker
from mesh.broker.messages import Delivery, Message
from mesh.broker.settings import Settings, broker_settings
from registry.order_messages import ORDER_TOPOLOGY
from tests.servers.rabbitmq import Broker
from worker.dead_letters import commands

pytestmark = pytest.mark.integration

Command = Callable[..., tuple[int, str, str]]
BODY = b'{"order_id": 7, "book_id": 3, "quantity": 2}'
RECORDED = {
    "x-request-id": "r",
    "x-reason": "NOT_FOUND: no",
    "x-set-aside": "2026-01-02T03:04:05+00:00",
    "x-attempt": 3,
}


@pytest.fixture
def command(broker: Settings, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `python -m worker dead …` in this process and return its exit status and what it printed."""

    def run(*arguments: str, on: Settings = broker) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        commands.add_commands(parser.add_subparsers())
        status = commands.main(parser.parse_args(["dead", *arguments]), on, ORDER_TOPOLOGY)
        return status, *capsys.readouterr()

    return run


def add_letters(broker: Settings, *messages: Message) -> None:
    """Publish messages to the queue of dead letters."""

    async def run() -> None:
        async with connect_to_broker(broker) as channel:
            await channel.declare(ORDER_TOPOLOGY)
            for message in messages:
                await channel.publish(ORDER_TOPOLOGY.dead_exchange, ORDER_TOPOLOGY.routing_key, message)

    asyncio.run(run())


def take_messages(broker: Settings, queue: str) -> list[Message]:
    """Take all messages out of a queue and return them."""

    async def run() -> list[Message]:
        async with connect_to_broker(broker) as channel:
            count = await channel.count_messages(queue)
            arrived: asyncio.Queue[Delivery] = asyncio.Queue()
            await channel.consume(queue, 0, arrived.put_nowait)
            deliveries = [await arrived.get() for _ in range(count)]
            for each in deliveries:
                channel.ack(each.tag)
            return [each.message for each in deliveries]

    return asyncio.run(run())


def test_without_dead_letters_the_list_says_so(command: Command) -> None:
    """The same holds on a broker without the queues of the bookstore."""
    assert command("list") == (0, "There are no dead letters.\n", "")


def test_the_list_has_one_line_per_letter(command: Command, broker: Settings) -> None:
    """The line has the id, the order, the time and the reason; listing changes nothing."""
    add_letters(
        broker, Message(BODY, "id-1", RECORDED), Message(b"nonsense", "id-2", {"x-reason": "The message is not JSON."})
    )
    for _ in range(2):
        status, printed, _ = command("list")
        head, first, second = printed.splitlines()
        assert (status, head.split()) == (0, ["ID", "ORDER", "SET", "ASIDE", "REASON"])
        assert first.split() == ["id-1", "7", "2026-01-02T03:04:05+00:00", "NOT_FOUND:", "no"]
        assert second.split(maxsplit=3) == ["id-2", "-", "-", "The message is not JSON."]
    assert [each.message_id for each in take_messages(broker, ORDER_TOPOLOGY.dead_queue)] == ["id-1", "id-2"]


@pytest.mark.parametrize("deaths", ["forged", [], ["forged"], [{"time": "now"}], {"reason": "no"}])
def test_a_forged_record_of_the_broker_is_listed(command: Command, broker: Settings, deaths: object) -> None:
    """Any client may write the header; the letter has neither a reason nor a time then."""
    add_letters(broker, Message(BODY, "id-1", {"x-death": deaths}))
    status, printed, _ = command("list")
    assert (status, printed.splitlines()[1].split()) == (0, ["id-1", "7", "-", "-"])


def test_one_letter_is_shown_completely(command: Command, broker: Settings) -> None:
    """The output is JSON with the original body; a letter without an id has one generated from its body."""
    add_letters(broker, Message(BODY, "id-1", RECORDED), Message(b"\xffnonsense\x1b[2J", "", content_type="text/plain"))
    status, printed, _ = command("show", "id-1")
    details = json.loads(printed)
    assert (status, details["order_id"], json.loads(details["body"])["book_id"]) == (0, "7", 3)
    assert (details["reason"], details["headers"]["x-attempt"]) == ("NOT_FOUND: no", 3)
    letter_id = command("list")[1].splitlines()[2].split()[0]
    _, printed, _ = command("show", letter_id)
    assert json.loads(printed)["body"] == "\\xffnonsense\x1b[2J"
    assert "\x1b" not in printed


def test_control_characters_are_not_printed(command: Command, broker: Settings) -> None:
    """Any client of the broker may have written the message."""
    add_letters(broker, Message(b'{"order_id": "\\u001b[2J\\n7"}', "\x1b[2J", {"x-reason": "a\nb\x07"}))
    _, printed, _ = command("list")
    assert len(printed.splitlines()) == 2
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_one_letter_is_sent_back_and_the_others_stay(command: Command, broker: Settings) -> None:
    """The attempt, the reason and the time are removed; the request id stays."""
    add_letters(broker, *(Message(BODY, f"id-{i}", RECORDED) for i in range(3)))
    assert command("redrive", "id-1") == (0, "Sent back: 1.\n", "")
    (back,) = take_messages(broker, ORDER_TOPOLOGY.queue)
    assert back == Message(BODY, "id-1", {"x-request-id": "r"})
    assert [each.message_id for each in take_messages(broker, ORDER_TOPOLOGY.dead_queue)] == ["id-0", "id-2"]


def test_all_letters_are_sent_back(command: Command, broker: Settings) -> None:
    """They keep their order; a second run finds none."""
    add_letters(broker, *(Message(BODY, f"id-{i}", RECORDED) for i in range(50)))
    assert command("redrive", "--all") == (0, "Sent back: 50.\n", "")
    assert [each.message_id for each in take_messages(broker, ORDER_TOPOLOGY.queue)] == [f"id-{i}" for i in range(50)]
    assert command("redrive", "--all") == (0, "Sent back: 0.\n", "")


def test_a_letter_that_the_queue_refuses_stays(command: Command, broker: Settings, rabbit: Broker, vhost: str) -> None:
    """When the queue is full, the letter stays where it was and the command reports it."""
    limit = {"pattern": "^order_queue$", "definition": {"max-length": 1, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)
    add_letters(broker, *(Message(BODY, f"id-{i}", RECORDED) for i in range(5)))
    status, _, error = command("redrive", "--all")
    assert (status, error.count("\n")) == (1, 1)
    assert "There is no room for the message." in error
    ids = [
        each.message_id
        for queue in (ORDER_TOPOLOGY.queue, ORDER_TOPOLOGY.dead_queue)
        for each in take_messages(broker, queue)
    ]
    assert sorted(ids) == [f"id-{i}" for i in range(5)]


@pytest.mark.parametrize("action", ["show", "redrive"])
def test_an_unknown_letter_is_reported(command: Command, broker: Settings, action: str) -> None:
    """The error is one sentence; the other letters stay."""
    add_letters(broker, Message(BODY, "id-1"))
    assert command(action, "id-2") == (1, "", "worker: There is no dead letter id-2.\n")
    assert len(take_messages(broker, ORDER_TOPOLOGY.dead_queue)) == 1


def test_a_letter_that_another_consumer_rejected_has_the_brokers_record(
    command: Command, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """Where a policy for dead letters is set, the broker records the time and the reason."""
    policy = {"pattern": "^order_queue$", "definition": {"dead-letter-exchange": "orders.dlx"}}
    rabbit.manage("PUT", f"policies/{vhost}/dead", policy)
    add_letters(broker)
    rabbit.manage("POST", f"exchanges/{vhost}/orders/publish", {
        "properties": {"message_id": "id-1"}, "routing_key": "order.new", "payload": "{}", "payload_encoding": "string"
    })  # fmt: skip
    request = {"count": 1, "ackmode": "reject_requeue_false", "encoding": "auto"}
    assert rabbit.manage("POST", f"queues/{vhost}/order_queue/get", request)
    line = command("list")[1].splitlines()[1].split()
    assert (line[0], line[1], line[2][:2], line[3]) == ("id-1", "-", "20", "rejected")


def test_a_missing_broker_is_reported_in_one_sentence(command: Command) -> None:
    """The password is not printed."""
    unreachable = broker_settings({"RABBIT_URL": "amqp://u:secret@127.0.0.1:1"})
    assert unreachable
    status, _, error = command("list", on=unreachable)
    assert status == 1
    assert error.startswith("worker: The broker at 127.0.0.1:1 cannot be used: ")
    assert error.count("\n") == 1
    assert "secret" not in error
