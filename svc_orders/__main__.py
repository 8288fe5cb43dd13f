"""`python -m svc_orders`: runs the orders service."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database
from mesh.client import Target, connect_async
from mesh.event_loop import EventLoop
from mesh.identity import Signer
from mesh.pools import Pools
from mesh.server import MeshServer, Service, run
from registry.order_messages import ORDER_TOPOLOGY
from svc_orders.book_client import BookClient
from svc_orders.config import Config
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.outbox.maintenance import MaintenanceThread, StaleEventReport, Task
from svc_orders.outbox.reconciler import Reconciler
from svc_orders.outbox.relay import Relay
from svc_orders.servicer import OrdersServicer, utc_now
from svc_orders.store.clock import DatabaseClock
from svc_orders.store.lost_events import LostEventStore
from svc_orders.store.orders import OrderStore
from svc_orders.store.outbox import OutboxStore
from svc_orders.store.purge import PurgeStore

if TYPE_CHECKING:
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub  # exists for type checkers only

CLOCK_INTERVAL_SECONDS = 5.0
"""Time between two readings of the database's clock: a change of it delays an event by no more."""
REPORT_CHECK_INTERVAL_SECONDS = 10.0
PURGE_INTERVAL_SECONDS = 60.0


def create_service(
    database: Database,
    signal: EventSignal,
    books: "BooksAsyncStub",
    pools: Pools,
    clock: Callable[[], datetime] = utc_now,
    relay: Relay | None = None,
    *,
    has_broker: bool,
) -> Service:
    """Return the service on a database. With a broker, it leases no events to workers."""
    servicer = OrdersServicer(
        OrderStore(database),
        pools,
        Outbox(OutboxStore(database), signal, clock, run=pools.writes.run),
        signal,
        BookClient(books),
        clock,
        has_broker=has_broker,
    )
    return Service(
        name="orders",
        descriptor=orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        add=lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        probe=database.check_ready,
        on_stop=(lambda: None) if has_broker else signal.close,
        pools=pools,
        parts={} if relay is None else {"broker": lambda: relay.problem},
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """Return the server, and a function that closes what it uses."""
    config = Config.from_env(environ)
    database = config.database.open()
    loop = EventLoop()
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    channel = loop.call(connect_async, books, Signer("orders", config.mesh_secret))
    signal = EventSignal()
    stub = books_pb2_grpc.BooksStub(channel)
    pools = Pools.for_connections(config.database.options.pool_size)
    clock = DatabaseClock(database)
    background = _background(config, database, signal, clock)
    relay = next((each for each in background if isinstance(each, Relay)), None)
    service = create_service(database, signal, stub, pools, clock, relay, has_broker=config.broker is not None)
    server = MeshServer(service, config.mesh_secret, config.address, loop)
    for each in background:
        each.start()

    def close() -> None:
        for each in background:
            each.stop()  # after the last call, so that its event is published too
        loop.run(channel.close())
        loop.close()
        database.close()

    return server, close


def _background(
    config: Config, database: Database, signal: EventSignal, clock: DatabaseClock
) -> list[Relay | MaintenanceThread]:
    """Return what publishes events to the broker, and what is repeated in the background."""
    store = LostEventStore(database)
    reconciler = Reconciler(store, signal, clock, config.reconcile_after)
    report = StaleEventReport(store, clock, config.reconcile_after)

    def follow_clock() -> None:
        clock.refresh()
        if store.end_leases_ahead(clock()):
            signal.notify()

    tasks = [
        Task("clock", CLOCK_INTERVAL_SECONDS, follow_clock),
        Task("report", REPORT_CHECK_INTERVAL_SECONDS, report.check),
        Task("purge", PURGE_INTERVAL_SECONDS, lambda: PurgeStore(database).purge(clock())),
    ]
    if config.broker is None:
        tasks.append(Task("reconcile", reconciler.interval_seconds, reconciler.resend_lost))
        return [MaintenanceThread(tasks)]
    outbox = Outbox(OutboxStore(database), signal, clock)
    return [Relay(outbox, signal, reconciler, config.broker, ORDER_TOPOLOGY), MaintenanceThread(tasks)]


if __name__ == "__main__":
    sys.exit(run("orders", wire))
