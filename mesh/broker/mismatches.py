"""Differences of existing exchanges and queues, as the broker reports them, and which of them lose messages."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Found: TypeAlias = Mapping[str, object]
"""What an existing exchange or queue has instead of the declared arguments, by name; None for a missing one."""
MISMATCH = re.compile(
    r"inequivalent arg '(?P<name>[^']+)' for .*: received .* but current is "
    r"(?:none|(?:the value )?'(?P<value>.*?)'(?: of type '(?P<type>\w+)')?)$"
)
NUMBER_TYPE = re.compile("^(un)?signed|^(byte|short|int|long)$")
BOOLEANS = {"true": True, "false": False}
REJECTING = {"reject-publish", "reject-publish-dlx"}
"""The behaviours of a full queue that lose no message."""
LIMITS = "x-max-length", "x-max-length-bytes"

_LOSSES: dict[str, Callable[[object], str]] = {
    "durable": lambda _: "does not survive a restart of the broker (it is not durable)",
    "auto_delete": lambda _: "is deleted when its last consumer leaves (auto-delete)",
    "x-expires": lambda _: "is deleted when no client uses it (x-expires)",
    "x-message-ttl": lambda value: f"drops messages that are {value} ms old (x-message-ttl)",
}


def parse_mismatch(text: str) -> tuple[str, object] | None:
    """Return the name and the existing value in the broker's sentence about a different argument, if it is one."""
    match = MISMATCH.search(text)
    if match is None:
        return None
    value: object = match["value"]
    if match["value"] in BOOLEANS and match["type"] in {None, "bool"}:
        value = BOOLEANS[match["value"]]
    elif match["type"] and NUMBER_TYPE.search(match["type"]) and re.fullmatch(r"-?\d+", match["value"]):
        value = int(match["value"])
    return match["name"], value


def queue_problems(name: str, declared: Mapping[str, object], found: Found) -> list[str]:
    """Return a sentence for each argument of an existing queue that loses or withholds messages.

    Other arguments are the operator's decision: the type of the queue, limits that reject messages, dead letters.

    Args:
        name: the queue.
        declared: the arguments that the queue needs.
        found: its other arguments.
    """
    if declared:  # a retry queue
        different = [each for each in declared if each in found]
        losses = [f"does not return its messages as it must ({', '.join(different)})"] if different else []
    else:
        losses = [loss(found[each]) for each, loss in _LOSSES.items() if each in found]
    if any(each in found for each in LIMITS) and found.get("x-overflow") not in REJECTING:
        losses.append("drops its oldest messages when it is full (set x-overflow to reject-publish)")
    if found.get("x-queue-type") == "stream":
        losses.append("keeps messages that were processed (it is a stream)")
    return [f"The queue {name} {loss}." for loss in losses]


def exchange_problems(name: str, kind: str, found: Found) -> list[str]:
    """Return a sentence for each property of an existing exchange that loses, copies or refuses messages."""
    problems = []
    if "type" in found and {kind, found["type"]} != {"direct", "topic"}:  # a key without wildcards works with both
        problems.append(f"has the type {found['type']} instead of {kind}")
    if found.get("internal"):
        problems.append("accepts no messages from clients (it is internal)")
    problems += [_LOSSES[each](found[each]) for each in ("durable",) if each in found]
    if "auto_delete" in found:
        problems.append("is deleted with its last binding (auto-delete)")
    return [f"The exchange {name} {problem}." for problem in problems]
