"""`python -m worker dead`: looks through the messages that were set aside, and sends them back."""

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.errors import BrokerError
from mesh.broker.messages import ATTEMPT_HEADER, Delivery, Message
from mesh.broker.settings import Settings
from mesh.broker.topology import Topology
from worker.queue import REASON, SET_ASIDE

PATIENCE = 5.0
"""Seconds that the broker gets for each message."""
COLUMNS = "{:<36}  {:>10}  {:<25}  {}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Says what can be asked for."""
    dead = commands.add_parser("dead", help="look through the messages that were set aside, and send them back")
    actions = dead.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="a line for each: its id, its order, when and why it was set aside")
    show = actions.add_parser("show", help="all of one, as JSON")
    show.add_argument("id")
    redrive = actions.add_parser("redrive", help="send one, or all, back to the queue")
    which = redrive.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?")
    which.add_argument("--all", action="store_true")


def main(options: argparse.Namespace, broker: Settings | None, topology: Topology) -> int:
    """Does what was asked for; the exit status is 1 when it could not be done, 2 when there is no broker."""
    if broker is None:
        print("worker: No broker is configured: set RABBIT_HOST or RABBIT_URL.", file=sys.stderr)
        return 2
    try:
        return asyncio.run(_do(options, broker, topology))
    except BrokerError as error:
        print(f"worker: The broker at {broker.location} cannot be used: {error}", file=sys.stderr)
    except TimeoutError:
        print(f"worker: The broker at {broker.location} does not answer.", file=sys.stderr)
    return 1


async def _do(options: argparse.Namespace, broker: Settings, topology: Topology) -> int:
    async with connect_to_broker(
        broker
    ) as link:  # at its end, what is not acknowledged goes back to its place in the queue
        await topology.declare(link)
        letters = await _take(link, topology)
        if options.action == "list":
            _list(letters)
            return 0
        wanted = [letter for letter in letters if options.id in {None, name(letter.message)}]
        if not wanted and options.id is not None:
            print(f"worker: There is no dead letter {_printable(options.id)}.", file=sys.stderr)
            return 1
        if options.action == "show":
            _show(wanted)
        else:
            await _redrive(link, topology, wanted)
    return 0


async def _take(link: BrokerChannel, topology: Topology) -> list[Delivery]:
    """All that is in the queue now, but for what somebody else has just taken."""
    number = await link.declare_queue(topology.dead_queue)
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    await link.consume(topology.dead_queue, 0, arrived.put_nowait)
    letters: list[Delivery] = []
    with suppress(TimeoutError):
        while len(letters) < number:
            letters.append(await asyncio.wait_for(arrived.get(), PATIENCE))
    return letters


def _list(letters: list[Delivery]) -> None:
    if not letters:
        print("There are no dead letters.")
        return
    print(COLUMNS.format("ID", "ORDER", "SET ASIDE", "REASON"))
    for letter in letters:
        message = letter.message
        print(COLUMNS.format(*map(_printable, (name(message), _order(message), _when(message), _reason(message)))))


def _show(letters: list[Delivery]) -> None:
    for letter in letters:
        message = letter.message
        shown = {
            "id": name(message),
            "order_id": _order(message),
            "reason": _reason(message),
            "set_aside": _when(message),
            "content_type": message.content_type,
            "headers": message.headers,
            "body": message.body.decode(errors="backslashreplace"),
        }
        print(json.dumps(shown, indent=2, default=str, skipkeys=True))


async def _redrive(link: BrokerChannel, topology: Topology, letters: list[Delivery]) -> None:
    """Each is in the queue for sure before it leaves the dead ones: it may be there twice, but never nowhere."""
    for letter in letters:
        message = letter.message.without_headers(REASON, SET_ASIDE, ATTEMPT_HEADER)
        await asyncio.wait_for(link.publish(topology.exchange, topology.routing_key, message), PATIENCE)
        link.ack(letter.tag)
    print(f"Sent back: {len(letters)}.")


def name(message: Message) -> str:
    """The message's id; made from its body when it came without one, so that it stays the same."""
    return message.message_id or hashlib.sha256(message.body).hexdigest()[:16]


def _order(message: Message) -> str:
    try:
        return str(orjson.loads(message.body)["order_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "-"


def _reason(message: Message) -> str:
    return str(message.headers.get(REASON) or _death(message).get("reason") or "-")


def _when(message: Message) -> str:
    at = _death(message).get("time")
    told = at.isoformat() if isinstance(at, datetime) else "-"
    return str(message.headers.get(SET_ASIDE) or told)


def _death(message: Message) -> Mapping[str, Any]:
    """What the broker wrote, when another consumer rejected the message."""
    deaths = message.headers.get("x-death")
    return deaths[0] if isinstance(deaths, list) and deaths else {}


def _printable(text: str) -> str:
    """Anybody may write into a message: nothing of it may steer the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
