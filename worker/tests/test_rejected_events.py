"""Without a broker, operators list rejected events and send them back over the orders service."""

import argparse
import json
from dataclasses import dataclass, field
from typing import cast

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from worker.dead_letters import commands, events
from worker.tests.fakes import rpc_error

pytestmark = pytest.mark.unit


@dataclass
class FakeOrders:
    """An orders service with rejected events.

    Args:
        dead: the rejected events.
        failure: what every call raises.
    """

    dead: list[pb.DeadEvent] = field(default_factory=list)
    failure: Exception | None = None

    def ListDeadEvents(self, _: pb.ListDeadEventsRequest) -> pb.ListDeadEventsResponse:  # noqa: N802 - the stub's name
        """Return the rejected events."""
        if self.failure:
            raise self.failure
        return pb.ListDeadEventsResponse(events=self.dead)

    def RedriveEvents(self, request: pb.RedriveEventsRequest) -> pb.RedriveEventsResponse:  # noqa: N802 - the stub's name
        """Remove the events."""
        before = len(self.dead)
        self.dead = [event for event in self.dead if event.event_id not in request.event_ids]
        return pb.RedriveEventsResponse(redriven=before - len(self.dead))


def run(orders: FakeOrders, *arguments: str) -> int:
    """Run `python -m worker dead …` and return its exit status."""
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    return events.main(parser.parse_args(["dead", *arguments]), cast("orders_pb2_grpc.OrdersStub", orders))


def two_events() -> FakeOrders:
    """Return a service with two rejected events."""
    first = pb.DeadEvent(
        event_id="id-1", order_id=7, reason="NOT_FOUND: no\x1b[2J", attempts=3, payload='{"order_id": 7}'
    )
    first.reject_time.CopyFrom(Timestamp(seconds=1767323045))
    return FakeOrders([first, pb.DeadEvent(event_id="id-2", order_id=8, reason="MISMATCH: no")])


def test_the_list_has_one_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    """The line has the id, the order, the time and the reason, without control characters."""
    assert run(FakeOrders(), "list") == 0
    assert capsys.readouterr().out == "There are no dead letters.\n"
    assert run(two_events(), "list") == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split(maxsplit=3)[:3] == ["id-1", "7", "2026-01-02T03:04:05+00:00"]
    assert second.split(maxsplit=3) == ["id-2", "8", "-", "MISMATCH: no"]
    assert "\x1b" not in first


def test_one_event_is_shown_completely(capsys: pytest.CaptureFixture[str]) -> None:
    """The output is JSON with the message."""
    assert run(two_events(), "show", "id-1") == 0
    details = json.loads(capsys.readouterr().out)
    assert (details["order_id"], details["attempts"], json.loads(details["body"])) == ("7", 3, {"order_id": 7})


def test_events_are_sent_back(capsys: pytest.CaptureFixture[str]) -> None:
    """One or all of them; an unknown one is reported."""
    orders = two_events()
    assert run(orders, "redrive", "id-2") == 0
    assert [event.event_id for event in orders.dead] == ["id-1"]
    assert run(orders, "redrive", "id-2") == 1
    assert capsys.readouterr().err == "worker: There is no dead letter id-2.\n"
    assert [run(orders, "redrive", "--all"), run(orders, "redrive", "--all")] == [0, 0]
    assert capsys.readouterr().out.splitlines() == ["Sent back: 1.", "Sent back: 0."]


def test_a_service_that_is_away_is_reported_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 1."""
    assert run(FakeOrders(failure=rpc_error(grpc.StatusCode.UNAVAILABLE)), "list") == 1
    assert capsys.readouterr().err == "worker: The orders service cannot be used: UNAVAILABLE: no\n"
