"""`python -m svc_orders`: runs the orders service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database
from mesh.client import Target, connect
from mesh.identity import Signer
from mesh.server import MeshServer, Service, run
from registry.order_messages import ORDER_TOPOLOGY
from svc_orders.book_client import BookClient
from svc_orders.config import Config
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.outbox.leasing import Outbox
from svc_orders.outbox.reconciler import Reconciler, ReconcilerThread
from svc_orders.outbox.relay import Relay
from svc_orders.servicer import OrdersServicer, utc_now
from svc_orders.store.orders import OrderStore
from svc_orders.store.outbox import OutboxStore


def create_service(
    database: Database, signal: EventSignal, books: books_pb2_grpc.BooksStub, *, has_broker: bool
) -> Service:
    """Return the service on a database. With a broker, it leases no events to workers."""
    outbox = Outbox(OutboxStore(database), signal, utc_now)
    servicer = OrdersServicer(OrderStore(database), outbox, signal, BookClient(books), has_broker=has_broker)
    return Service(
        name="orders",
        descriptor=orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        add=lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        probe=database.check_ready,
        on_stop=(lambda: None) if has_broker else signal.close,
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """Return the server, and a function that closes what it uses."""
    config = Config.from_env(environ)
    database = config.database.open()
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    channel = connect(books, Signer("orders", config.mesh_secret))
    signal = EventSignal()
    has_broker = config.broker is not None
    service = create_service(database, signal, books_pb2_grpc.BooksStub(channel), has_broker=has_broker)
    server = MeshServer(service, config.mesh_secret, config.address)
    background = _background_thread(config, database, signal)
    background.start()

    def close() -> None:
        background.stop()  # after the last call, so that its event is published too
        channel.close()
        database.close()

    return server, close


def _background_thread(config: Config, database: Database, signal: EventSignal) -> Relay | ReconcilerThread:
    """Return what publishes events to the broker, or without a broker what resends lost ones."""
    store = OutboxStore(database)
    reconciler = Reconciler(store, signal, utc_now, config.reconcile_after)
    if config.broker is None:
        return ReconcilerThread(reconciler)
    return Relay(Outbox(store, signal, utc_now), signal, reconciler, config.broker, ORDER_TOPOLOGY)


if __name__ == "__main__":
    sys.exit(run("orders", wire))
