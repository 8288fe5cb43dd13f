"""`python -m worker dead` without a broker: the orders service keeps the events that the worker has rejected."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

import grpc
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc

from mesh.client import parse_failure
from worker.dead_letters.output import print_details, print_list, printable


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """A rejected event as a dead letter.

    Args:
        event: the event.
    """

    event: pb.DeadEvent

    @property
    def letter_id(self) -> str:
        """The event's id."""
        return self.event.event_id

    @property
    def order_id(self) -> str:
        """Id of the order."""
        return str(self.event.order_id)

    @property
    def reason(self) -> str:
        """Why the worker rejected the event."""
        return self.event.reason

    @property
    def dead_since(self) -> str:
        """Time when the event was rejected, in ISO 8601 format, or `-`."""
        if not self.event.HasField("reject_time"):
            return "-"
        return self.event.reject_time.ToDatetime(UTC).isoformat(timespec="seconds")

    def as_dict(self) -> dict[str, object]:
        """Return everything that is known about the event."""
        return {
            "id": self.letter_id,
            "order_id": self.order_id,
            "reason": self.reason,
            "set_aside": self.dead_since,
            "attempts": self.event.attempts,
            "request_id": self.event.request_id,
            "body": self.event.payload,
        }


def main(options: argparse.Namespace, orders: orders_pb2_grpc.OrdersStub) -> int:
    """Run the command on the rejected events; return exit status 1 when it failed."""
    try:
        events = list(orders.ListDeadEvents(pb.ListDeadEventsRequest()).events)
        if options.action == "list":
            print_list([RejectedEvent(event) for event in events])
            return 0
        selected = [event for event in events if options.id in {None, event.event_id}]
        if not selected and options.id is not None:
            print(f"worker: There is no dead letter {printable(options.id)}.", file=sys.stderr)
            return 1
        if options.action == "show":
            print_details([RejectedEvent(event) for event in selected])
        else:
            print(f"Sent back: {_redrive(orders, selected)}.")
    except grpc.RpcError as error:
        failure = parse_failure(error)
        print(f"worker: The orders service cannot be used: {failure.code.name}: {failure.message}", file=sys.stderr)
        return 1
    return 0


def _redrive(orders: orders_pb2_grpc.OrdersStub, events: Sequence[pb.DeadEvent]) -> int:
    if not events:
        return 0
    request = pb.RedriveEventsRequest(event_ids=[event.event_id for event in events])
    return orders.RedriveEvents(request).redriven
