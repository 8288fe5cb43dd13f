"""Committed events reach the broker, whatever happens to the broker, its queue or the database in the meantime."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from database.engine import Database
from database.tests.rows import add_book, add_user, count
from mesh.broker.settings import Settings, broker_settings
from mesh.pools import Pools
from mesh.testing import channel_as, rpc_failure, running, wait_until
from registry.order_messages import ORDER_TOPOLOGY, format_order_message
from registry.order_statuses import PENDING
from svc_orders.__main__ import create_service
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.outbox.reconciler import Reconciler
from svc_orders.outbox.relay import Relay
from svc_orders.rules import NewOrder, StoredOrder
from svc_orders.servicer import utc_now
from svc_orders.store.inserts import OrderInsert
from svc_orders.store.lost_events import LostEventStore
from svc_orders.store.orders import OrderStore
from svc_orders.store.outbox import LeasedEvent, OutboxStore
from tests.servers.proxy import TcpProxy
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

RETRY_SECONDS = 0.05
"""Pause after a refusal; the default of a second would only make the tests longer."""


class Shop:
    """Places orders and counts their events.

    Args:
        database: where the orders are.
        rabbit: the broker.
        vhost: the virtual host of the test.
    """

    def __init__(self, database: Database, rabbit: Broker, vhost: str) -> None:
        self.database = database
        self.signal = EventSignal()
        self._rabbit = rabbit
        self._vhost = vhost
        self._user, self._store = add_user(database), OrderStore(database)

    def relay(self, broker: Settings, resend_after_seconds: float = 3600, outbox: Outbox | None = None) -> Relay:
        """Return a relay whose reconciler resends events of this age."""
        lost_events, resend_after = LostEventStore(self.database), timedelta(seconds=resend_after_seconds)
        reconciler = Reconciler(lost_events, self.signal, utc_now, resend_after)
        outbox = outbox or Outbox(OutboxStore(self.database), self.signal, utc_now)
        return Relay(outbox, self.signal, reconciler, broker, ORDER_TOPOLOGY, RETRY_SECONDS)

    def buy(self, count: int = 1) -> list[StoredOrder]:
        """Place orders like the service."""
        placed = []
        for _ in range(count):
            order = NewOrder(
                add_book(self.database),
                self._user,
                Decimal("24.90"),
                1,
                PENDING,
                "Émile",
                "J.-J. R.",
                "/images/books/1.svg",
            )
            placed.append(self._store.place(OrderInsert(order, None, "request-1", utc_now())).order)
            self.signal.notify()
        return placed

    def add_backlog(self, count: int) -> None:
        """Add orders whose events have not been published."""
        book, now = add_book(self.database), utc_now().replace(tzinfo=None).isoformat(" ")
        orders = (
            "INSERT INTO Orders (order_id, book_id, user_id, price, quantity, status, title, authors, url, order_date)"
            " VALUES (:order, :book, :user, '24.90', 1, 'pending', 'Dune', 'Frank Herbert', '/u', :now)"
        )
        events = (
            "INSERT INTO Outbox (event_id, order_id, payload, request_id, attempts, lease_until)"
            " VALUES (:event, :order, :payload, 'request-1', 0, :now)"
        )
        rows = [
            {"order": i, "event": f"event-{i}", "book": book, "user": self._user, "payload": "x" * 300, "now": now}
            for i in range(1, count + 1)
        ]
        with self.database.write() as transaction:
            for statement in (orders, events):
                transaction.execute(text(statement), rows)
            transaction.commit()

    def unpublished(self) -> int:
        """Return the number of events that are not marked as published."""
        return count(self.database, "Outbox", "published_at IS NULL")

    def take_messages(self, queue: str = ORDER_TOPOLOGY.queue) -> list[dict[str, Any]]:
        """Take all messages out of a queue and return them."""
        request = {"count": 5000, "ackmode": "ack_requeue_false", "encoding": "auto"}
        path = f"queues/{self._vhost}/{queue}/get"
        messages: list[dict[str, Any]] = self._rabbit.manage("POST", path, request)
        return messages

    def delete_queue(self) -> None:
        """Delete the queue with its messages."""
        self._rabbit.manage("DELETE", f"queues/{self._vhost}/{ORDER_TOPOLOGY.queue}")


@pytest.fixture
def shop(file_database: Database, rabbit: Broker, vhost: str) -> Shop:
    """Return a shop with its own database and virtual host."""
    return Shop(file_database, rabbit, vhost)


@pytest.fixture
def gate(rabbit: Broker) -> Iterator[TcpProxy]:
    """Return a gate in front of the broker, which is closed first."""
    closed = TcpProxy(rabbit.port)
    yield closed
    closed.close()


@pytest.fixture
def behind_gate(gate: TcpProxy, rabbit: Broker, broker_url: str) -> Settings:
    """Return the settings of the broker behind the gate."""
    settings = broker_settings({"RABBIT_URL": broker_url.replace(f":{rabbit.port}/", f":{gate.port}/")})
    assert settings
    return settings


@contextmanager
def running_relays(*relays: Relay) -> Iterator[None]:
    """Run relays for the duration of the block."""
    for relay in relays:
        relay.start()
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()


def test_a_committed_event_is_published_at_once(shop: Shop, broker: Settings) -> None:
    """The message is persistent, its id is the event's, and its header has the id of the request."""
    with running_relays(shop.relay(broker)):
        durations = []
        for _ in range(6):
            started = time.monotonic()
            (order,) = shop.buy()
            wait_until(lambda: shop.unpublished() == 0)
            durations.append(time.monotonic() - started)
        assert min(durations) < 0.25  # without the signal, each event would wait half a second for the next poll
    message = shop.take_messages()[-1]
    assert message["payload"] == format_order_message(order)
    properties = message["properties"]
    assert (properties["delivery_mode"], properties["content_type"]) == (2, "application/json")
    assert properties["headers"] == {"x-request-id": "request-1"}
    assert count(shop.database, "Outbox", f"event_id = '{properties['message_id']}'") == 1


def test_events_are_published_when_the_broker_is_back(shop: Shop, behind_gate: Settings, gate: TcpProxy) -> None:
    """Orders are accepted while the broker is down, no event is lost, and each outage is logged once."""
    with capture_logs() as lines, running_relays(shop.relay(behind_gate)):
        shop.buy(3)
        wait_until(lambda: any(line["event"] == "broker lost" for line in lines))
        assert shop.unpublished() == 3
        gate.open()
        wait_until(lambda: shop.unpublished() == 0)
        gate.close()
        shop.buy(3)
        gate.open()
        wait_until(lambda: shop.unpublished() == 0)
    assert len({message["payload"] for message in shop.take_messages()}) == 6
    assert [line["event"] for line in lines].count("broker lost") <= 3


def test_several_relays_share_the_events(shop: Shop, broker: Settings) -> None:
    """Each event is published by one relay only."""
    shop.add_backlog(300)
    with running_relays(*(shop.relay(broker) for _ in range(3))):
        wait_until(lambda: shop.unpublished() == 0)
    assert len(shop.take_messages()) == 300


def test_an_event_without_a_queue_is_published_to_a_new_queue(shop: Shop, broker: Settings) -> None:
    """The broker returns the message; the relay declares the queue again and marks the event after the confirm."""
    with running_relays(shop.relay(broker)):
        shop.buy()
        wait_until(lambda: shop.unpublished() == 0)
        shop.delete_queue()
        (order,) = shop.buy()
        wait_until(lambda: shop.unpublished() == 0)
    assert [message["payload"] for message in shop.take_messages()] == [format_order_message(order)]


def test_events_of_a_deleted_queue_are_published_again(shop: Shop, broker: Settings) -> None:
    """Their messages are lost; the reconciler sends them again, to the queue that only our workers consume."""
    with running_relays(shop.relay(broker, resend_after_seconds=1)):
        orders = shop.buy(5)
        wait_until(lambda: shop.unpublished() == 0)
        shop.delete_queue()
        wait_until(lambda: count(shop.database, "Outbox", "resent = 1 AND published_at IS NOT NULL") == 5)
    assert shop.take_messages() == []
    resent = shop.take_messages(ORDER_TOPOLOGY.resent.name)
    assert {message["payload"] for message in resent} == {format_order_message(order) for order in orders}


def test_events_that_a_quorum_queue_drops_are_published_again(
    shop: Shop, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """The queue has a delivery limit and no exchange for dead letters, and consumers return the message."""
    path = f"queues/{vhost}/{ORDER_TOPOLOGY.queue}"
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1}
    rabbit.manage("PUT", path, {"durable": True, "arguments": arguments})
    returning = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
    with running_relays(shop.relay(broker, resend_after_seconds=2)):
        (order,) = shop.buy()
        for _ in range(2):
            wait_until(lambda: rabbit.manage("POST", f"{path}/get", returning))
        wait_until(lambda: count(shop.database, "Outbox", "resent = 1 AND published_at IS NOT NULL") == 1)
    assert shop.take_messages() == []
    (message,) = shop.take_messages(ORDER_TOPOLOGY.resent.name)
    assert message["payload"] == format_order_message(order)


def test_events_for_a_full_queue_are_published_when_it_has_room(
    shop: Shop, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """The broker refuses them, and the relay tries again."""
    limit = {"pattern": "order_queue", "definition": {"max-length": 2, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)
    with running_relays(shop.relay(broker)):
        orders = shop.buy(5)
        wait_until(lambda: shop.unpublished() <= 3)
        assert shop.unpublished() > 0
        rabbit.manage("DELETE", f"policies/{vhost}/limit")
        wait_until(lambda: shop.unpublished() == 0)
    assert {message["payload"] for message in shop.take_messages()} == {format_order_message(order) for order in orders}


def test_a_broker_that_blocks_does_not_stop_orders(shop: Shop, broker: Settings, rabbit: Broker) -> None:
    """A broker without memory accepts no message; events wait in the outbox and are published when it continues."""
    rabbit.control("set_vm_memory_high_watermark", "0.0001")
    try:
        with capture_logs() as lines, running_relays(shop.relay(broker)):
            shop.buy(3)
            wait_until(lambda: any(line["event"] == "broker blocked" for line in lines))
            shop.buy(3)
            assert shop.unpublished() == 6
            rabbit.control("set_vm_memory_high_watermark", "0.4")
            wait_until(lambda: shop.unpublished() == 0)
    finally:
        rabbit.control("set_vm_memory_high_watermark", "0.4")
    assert len(shop.take_messages()) == 6


def test_a_broker_that_an_operator_has_to_change_is_reported(
    shop: Shop, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """The account may neither declare nor bind, and the binding is missing; it ends when the operator binds."""
    with running_relays(shop.relay(broker)):
        shop.buy()
        wait_until(lambda: shop.unpublished() == 0)
    binding = f"bindings/{vhost}/e/{ORDER_TOPOLOGY.exchange}/q/{ORDER_TOPOLOGY.queue}"
    rabbit.manage("DELETE", f"{binding}/{ORDER_TOPOLOGY.routing_key}")
    account = f"{vhost}-orders"
    rabbit.manage("PUT", f"users/{account}", {"password": "secret", "tags": ""})
    permissions = {"configure": "^$", "write": f"^{ORDER_TOPOLOGY.exchange}$", "read": "^$"}
    rabbit.manage("PUT", f"permissions/{vhost}/{account}", permissions)
    settings = broker_settings({"RABBIT_URL": f"amqp://{account}:secret@127.0.0.1:{rabbit.port}/{vhost}"})
    assert settings
    relay = shop.relay(settings)
    with running_relays(relay):
        shop.buy()
        wait_until(lambda: relay.problem == "No queue is bound to the exchange orders for an event.")
        assert shop.unpublished() == 1
        rabbit.manage("POST", binding, {"routing_key": ORDER_TOPOLOGY.routing_key, "arguments": {}})
        wait_until(lambda: shop.unpublished() == 0)
        wait_until(lambda: relay.problem == "")


def test_a_relay_publishes_waiting_events_before_it_stops(shop: Shop, broker: Settings) -> None:
    """Events of the last calls do not wait for the next start."""
    relay = shop.relay(broker)
    with running_relays(relay):
        shop.buy()
        wait_until(lambda: shop.unpublished() == 0)
        shop.buy(20)
    assert shop.unpublished() == 0


def test_a_relay_without_a_broker_stops_at_once(shop: Shop, behind_gate: Settings) -> None:
    """It does not wait for a broker."""
    with running_relays(shop.relay(behind_gate)):
        shop.buy()
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert shop.unpublished() == 1


def test_a_relay_continues_after_the_database_failed(shop: Shop, broker: Settings) -> None:
    """An event that was published but not marked may be published twice, but it is not lost."""

    class FailingOutbox(Outbox):
        failures = 2

        def lease(self, max_events: int, lease: timedelta, token: str = "") -> Sequence[LeasedEvent]:
            if self.failures:
                self.failures -= 1
                raise OperationalError("SELECT", {}, ConnectionError("gone away"))
            return super().lease(max_events, lease, token)

    failing = FailingOutbox(OutboxStore(shop.database), shop.signal, utc_now)
    with capture_logs() as lines, running_relays(shop.relay(broker, outbox=failing)):
        shop.buy()
        wait_until(lambda: shop.unpublished() == 0)
    assert len(shop.take_messages()) == 1
    assert [line["error"] for line in lines if line["event"] == "batch not published"] == ["OperationalError"]


def test_a_backlog_is_published_in_batches(shop: Shop, broker: Settings) -> None:
    """3,000 events take less than 15 seconds, so 10,000 events per minute are far from the limit."""
    shop.add_backlog(3000)
    with running_relays(shop.relay(broker)):
        started = time.monotonic()
        wait_until(lambda: shop.unpublished() == 0)
        assert time.monotonic() - started < 15
    assert len(shop.take_messages()) == 3000


def test_events_are_not_leased_when_a_broker_delivers_them(file_database: Database) -> None:
    """The call fails at once instead of waiting for events."""
    service = create_service(file_database, EventSignal(), cast("Any", None), Pools(), has_broker=True)
    with running(service) as target, channel_as("worker", target) as channel:
        request = pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60))
        failure = rpc_failure(orders_pb2_grpc.OrdersStub(channel).LeaseEvents, request)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BROKER_CARRIES_EVENTS")
