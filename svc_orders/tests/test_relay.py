"""What was committed reaches the broker, whatever happens to the broker, the queue or the database meanwhile."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import grpc
import pytest
from bookstore.books.v1 import books_pb2_grpc
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from database.engine import AnyRow, Database
from database.tests.rows import add_book, add_user, count
from mesh.broker.settings import Settings, broker_settings
from mesh.client import parse_failure
from mesh.testing import channel_as, running
from svc_orders.__main__ import ORDERS, service
from svc_orders.message import to_json
from svc_orders.outbox import Bell, Outbox
from svc_orders.reconcile import Reconciler
from svc_orders.relay import Relay
from svc_orders.rules import PENDING, NewOrder
from svc_orders.servicer import utc_now
from svc_orders.store import AnyOrder, OrderStore
from svc_orders.tests.conftest import wait_until
from tests.servers.gate import Gate
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

PATIENCE = 30.0


class Shop:
    """Places orders, and sees what became of their events.

    Args:
        database: where they are.
        rabbit: the broker.
        vhost: the test's own part of it.
    """

    def __init__(self, database: Database, rabbit: Broker, vhost: str) -> None:
        self.database = database
        self.bell = Bell()
        self._rabbit = rabbit
        self._vhost = vhost
        self._user, self._store = add_user(database), OrderStore(database)

    def relay(self, broker: Settings, after: float = 3600, outbox: Outbox | None = None) -> Relay:
        """A relay; it gives orders `after` seconds before their events count as lost."""
        reconciler = Reconciler(self.database, self.bell, utc_now, timedelta(seconds=after))
        return Relay(outbox or self.outbox(), self.bell, reconciler, broker, ORDERS)

    def outbox(self) -> Outbox:
        """The events."""
        return Outbox(self.database, self.bell, utc_now)

    def buy(self, number: int = 1) -> list[AnyOrder]:
        """Places orders, as the service does it."""
        placed = []
        for _ in range(number):
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
            placed.append(self._store.place(order, None, "request-1", utc_now())[0])
            self.bell.ring()
        return placed

    def backlog(self, number: int) -> None:
        """Orders that were placed while nobody sent their events."""
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
            for i in range(1, number + 1)
        ]
        with self.database.write() as transaction:
            for statement in (orders, events):
                transaction.execute(text(statement), rows)
            transaction.commit()

    def unsent(self) -> int:
        """Events that are not known to be with the broker."""
        return count(self.database, "Outbox", "published_at IS NULL")

    def sent(self) -> list[dict[str, Any]]:
        """Messages in the queue, which they leave."""
        asked = {"count": 5000, "ackmode": "ack_requeue_false", "encoding": "auto"}
        found: list[dict[str, Any]] = self._rabbit.manage("POST", f"queues/{self._vhost}/{ORDERS.queue}/get", asked)
        return found

    def delete_queue(self) -> None:
        """Loses all messages in it, too."""
        self._rabbit.manage("DELETE", f"queues/{self._vhost}/{ORDERS.queue}")


@pytest.fixture
def shop(file_database: Database, rabbit: Broker, vhost: str) -> Shop:
    """A shop on a database and a broker of its own."""
    return Shop(file_database, rabbit, vhost)


@pytest.fixture
def gate(rabbit: Broker) -> Iterator[Gate]:
    """A way to the broker that can be closed; it is closed at first."""
    door = Gate(rabbit.port)
    yield door
    door.close()


@pytest.fixture
def behind_gate(gate: Gate, rabbit: Broker, broker_url: str) -> Settings:
    """The broker, by way of the gate."""
    settings = broker_settings({"RABBIT_URL": broker_url.replace(f":{rabbit.port}/", f":{gate.port}/")})
    assert settings
    return settings


@contextmanager
def working(*relays: Relay) -> Iterator[None]:
    """Relays that are stopped at the end."""
    for relay in relays:
        relay.start()
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()


def test_a_committed_order_is_on_its_way_at_once(shop: Shop, broker: Settings) -> None:
    """As the contract's message, persistent, named after its event, with the id of the request that it comes from."""
    with working(shop.relay(broker)):
        times = []
        for _ in range(6):
            started = time.monotonic()
            (order,) = shop.buy()
            wait_until(lambda: shop.unsent() == 0)
            times.append(time.monotonic() - started)
        assert min(times) < 0.25  # without the bell, orders would wait for the next look, each half a second
    message = shop.sent()[-1]
    assert message["payload"] == to_json(order)
    properties = message["properties"]
    assert (properties["delivery_mode"], properties["content_type"]) == (2, "application/json")
    assert properties["headers"] == {"x-request-id": "request-1"}
    assert count(shop.database, "Outbox", f"event_id = '{properties['message_id']}'") == 1


def test_orders_placed_while_the_broker_is_down_go_out_when_it_is_back(
    shop: Shop, behind_gate: Settings, gate: Gate
) -> None:
    """Down at the start, and again later: no order is refused, none is lost, and it is said once each time."""
    with capture_logs() as lines, working(shop.relay(behind_gate)):
        shop.buy(3)
        wait_until(lambda: any(line["event"] == "broker lost" for line in lines))
        assert shop.unsent() == 3
        gate.open()
        wait_until(lambda: shop.unsent() == 0)
        gate.close()
        shop.buy(3)
        gate.open()
        wait_until(lambda: shop.unsent() == 0)
    assert len({message["payload"] for message in shop.sent()}) == 6
    assert [line["event"] for line in lines].count("broker lost") <= 3


def test_several_relays_share_the_events(shop: Shop, broker: Settings) -> None:
    """Each event is sent by one of them."""
    shop.buy(300)
    with working(*(shop.relay(broker) for _ in range(3))):
        wait_until(lambda: shop.unsent() == 0)
    assert len(shop.sent()) == 300


def test_an_event_without_a_queue_is_sent_when_the_queue_is_made_again(shop: Shop, broker: Settings) -> None:
    """The broker returns it; the relay declares the queue anew, and marks nothing before it is in there."""
    with working(shop.relay(broker)):
        shop.buy()
        wait_until(lambda: shop.unsent() == 0)
        shop.delete_queue()
        (order,) = shop.buy()
        wait_until(lambda: shop.unsent() == 0)
    assert [message["payload"] for message in shop.sent()] == [to_json(order)]


def test_a_queue_deleted_while_orders_wait_gets_them_again(shop: Shop, broker: Settings) -> None:
    """Their events had gone out and are lost; the orders are still pending when their time is over."""
    with working(shop.relay(broker, after=1)):
        orders = shop.buy(5)
        wait_until(lambda: shop.unsent() == 0)
        shop.delete_queue()
        wait_until(lambda: count(shop.database, "Outbox", "resent = 1 AND published_at IS NOT NULL") == 5)
    assert {message["payload"] for message in shop.sent()} == {to_json(order) for order in orders}


def test_a_full_queue_gets_the_events_when_there_is_room(
    shop: Shop, broker: Settings, rabbit: Broker, vhost: str
) -> None:
    """The broker says no, and is asked again."""
    limit = {"pattern": "order_queue", "definition": {"max-length": 2, "overflow": "reject-publish"}}
    rabbit.manage("PUT", f"policies/{vhost}/limit", limit)
    with working(shop.relay(broker)):
        orders = shop.buy(5)
        wait_until(lambda: shop.unsent() <= 3)
        assert shop.unsent() > 0
        rabbit.manage("DELETE", f"policies/{vhost}/limit")
        wait_until(lambda: shop.unsent() == 0)
    assert {message["payload"] for message in shop.sent()} == {to_json(order) for order in orders}


def test_a_broker_that_blocks_keeps_nobody_from_buying(shop: Shop, broker: Settings, rabbit: Broker) -> None:
    """Out of memory it takes nothing; the orders wait with us, and go out when it goes on."""
    rabbit.control("set_vm_memory_high_watermark", "0.0001")
    try:
        with capture_logs() as lines, working(shop.relay(broker)):
            shop.buy(3)
            wait_until(lambda: any(line["event"] == "broker blocked" for line in lines))
            shop.buy(3)
            assert shop.unsent() == 6
            rabbit.control("set_vm_memory_high_watermark", "0.4")
            wait_until(lambda: shop.unsent() == 0)
    finally:
        rabbit.control("set_vm_memory_high_watermark", "0.4")
    assert len(shop.sent()) == 6


def test_a_relay_that_stops_sends_what_is_there(shop: Shop, broker: Settings) -> None:
    """Orders of the calls that ended last need not wait for the next start."""
    relay = shop.relay(broker)
    with working(relay):
        shop.buy()
        wait_until(lambda: shop.unsent() == 0)
        shop.buy(20)
    assert shop.unsent() == 0


def test_a_relay_without_a_broker_stops_at_once(shop: Shop, behind_gate: Settings) -> None:
    """There is nobody to send anything to."""
    with working(shop.relay(behind_gate)):
        shop.buy()
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert shop.unsent() == 1


def test_a_database_that_fails_is_asked_again(shop: Shop, broker: Settings) -> None:
    """The relay goes on when it is back; what it had sent and could not mark may be sent twice, but is not lost."""

    class Failing(Outbox):
        failures = 2

        def lease(self, most: int, lease: timedelta) -> Sequence[AnyRow]:
            if self.failures:
                self.failures -= 1
                raise OperationalError("SELECT", {}, ConnectionError("gone away"))
            return super().lease(most, lease)

    failing = Failing(shop.database, shop.bell, utc_now)
    with capture_logs() as lines, working(shop.relay(broker, outbox=failing)):
        shop.buy()
        wait_until(lambda: shop.unsent() == 0)
    assert len(shop.sent()) == 1
    assert [line["error"] for line in lines if line["event"] == "events wait"] == ["OperationalError"]


def test_ten_thousand_events_a_minute_are_far_from_the_limit(shop: Shop, broker: Settings) -> None:
    """A backlog goes out in batches: a confirm for each message alone would take its time."""
    shop.backlog(3000)
    with working(shop.relay(broker)):
        started = time.monotonic()
        wait_until(lambda: shop.unsent() == 0)
        assert time.monotonic() - started < 15
    assert len(shop.sent()) == 3000


def test_no_worker_gets_events_that_a_broker_carries(file_database: Database, bell: Bell) -> None:
    """It is told so, instead of waiting for ever beside the queue."""
    nobody = cast("books_pb2_grpc.BooksStub", None)  # nobody is asked for a book
    with (
        running(service(file_database, bell, nobody, carried=True)) as target,
        channel_as("worker", target) as channel,
    ):
        stub = orders_pb2_grpc.OrdersStub(channel)
        with pytest.raises(grpc.RpcError) as raised:
            stub.LeaseEvents(pb.LeaseEventsRequest(max_events=1, lease=Duration(seconds=60)))
    told = parse_failure(raised.value)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BROKER_CARRIES_EVENTS")
