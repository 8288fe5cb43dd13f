"""`python -m worker dead`: lists dead letters, shows one, and sends them back to the queue."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.errors import BrokerError
from mesh.broker.messages import Delivery
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology
from worker.dead_letters.letter import DeadLetter
from worker.dead_letters.output import print_details, print_list, printable

MESSAGE_TIMEOUT_SECONDS = 5.0
"""Time limit for the broker to deliver or to confirm one message."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `dead list`, `dead show` and `dead redrive` to the parser."""
    dead = commands.add_parser("dead", help="list dead letters, show one, or send them back to the queue")
    actions = dead.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="print one line per letter: its id, its order, the time and the reason")
    show = actions.add_parser("show", help="print everything about one letter as JSON")
    show.add_argument("id")
    redrive = actions.add_parser("redrive", help="send one letter or all letters back to the queue")
    target = redrive.add_mutually_exclusive_group(required=True)
    target.add_argument("id", nargs="?")
    target.add_argument("--all", action="store_true")


def main(options: argparse.Namespace, broker: Settings, topology: Topology) -> int:
    """Run the command on the dead letters of the broker; return exit status 1 when it failed."""
    try:
        return asyncio.run(_run(options, broker, topology))
    except BrokerError as error:
        print(f"worker: The broker at {broker.location} cannot be used: {error}", file=sys.stderr)
    except TimeoutError:
        print(f"worker: The broker at {broker.location} does not respond.", file=sys.stderr)
    return 1


async def _run(options: argparse.Namespace, broker: Settings, topology: Topology) -> int:
    # When the connection closes, every unacknowledged letter returns to its place in the queue.
    async with connect_to_broker(broker) as channel:
        await channel.declare(topology)
        deliveries = await _take_all(channel, topology)
        if options.action == "list":
            print_list([DeadLetter(delivery.message) for delivery in deliveries])
            return 0
        selected = [each for each in deliveries if options.id in {None, DeadLetter(each.message).letter_id}]
        if not selected and options.id is not None:
            print(f"worker: There is no dead letter {printable(options.id)}.", file=sys.stderr)
            return 1
        if options.action == "show":
            print_details([DeadLetter(delivery.message) for delivery in selected])
        else:
            await _redrive(channel, topology, selected)
    return 0


async def _take_all(channel: BrokerChannel, topology: Topology) -> list[Delivery]:
    """Return the messages that the queue holds now, except messages that another consumer has just taken."""
    count = await channel.count_messages(topology.dead_queue)
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await channel.consume(topology.dead_queue, 0, arrived.put_nowait)
    deliveries: list[Delivery] = []
    with suppress(TimeoutError):
        while len(deliveries) < count:
            deliveries.append(await asyncio.wait_for(arrived.get(), MESSAGE_TIMEOUT_SECONDS))
    return deliveries


async def _redrive(channel: BrokerChannel, topology: Topology, deliveries: Sequence[Delivery]) -> None:
    """Publish each letter and acknowledge it after the confirm: it may be in both queues, but never in none."""
    for delivery in deliveries:
        message = DeadLetter(delivery.message).revived()
        await asyncio.wait_for(
            channel.publish(topology.exchange, topology.routing_key, message), MESSAGE_TIMEOUT_SECONDS
        )
        channel.ack(delivery.tag)
    print(f"Sent back: {len(deliveries)}.")
