"""`python -m svc_orders`: runs the orders service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database
from mesh.broker.topology import Topology
from mesh.client import Target, connect
from mesh.identity import Signer
from mesh.server import MeshServer, Service, run
from svc_orders.catalogue import Catalogue
from svc_orders.config import Config
from svc_orders.outbox import Bell, Outbox
from svc_orders.reconcile import Reconciler, Watch
from svc_orders.relay import Relay
from svc_orders.servicer import OrdersServicer, utc_now
from svc_orders.store import OrderStore

ORDERS = Topology(exchange="orders", queue="order_queue", routing_key="order.new")
"""The broker's names in the REST contract; the worker has the same."""


def service(database: Database, bell: Bell, books: books_pb2_grpc.BooksStub, *, carried: bool) -> Service:
    """The service on a database; with `carried` a broker takes the events, and no worker waits for them here."""
    outbox = Outbox(database, bell, utc_now)
    servicer = OrdersServicer(OrderStore(database), outbox, bell, Catalogue(books), carried=carried)
    return Service(
        name="orders",
        descriptor=orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        add=lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        probe=database.ping,
        on_stop=(lambda: None) if carried else bell.close,
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """The server, and how to close what it holds."""
    config = Config.from_env(environ)
    database = config.database.open()
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    channel = connect(books, Signer("orders", config.mesh_secret))
    bell = Bell()
    orders = service(database, bell, books_pb2_grpc.BooksStub(channel), carried=config.broker is not None)
    server = MeshServer(orders, config.mesh_secret, config.address)
    carrier = _carrier(config, database, bell)
    carrier.start()

    def close() -> None:
        carrier.stop()  # after the last call: its order goes out, too
        channel.close()
        database.close()

    return server, close


def _carrier(config: Config, database: Database, bell: Bell) -> Relay | Watch:
    """Sees to it that events go out: all of them to the broker, or without one those that were lost."""
    reconciler = Reconciler(database, bell, utc_now, config.reconcile_after)
    if config.broker is None:
        return Watch(reconciler)
    return Relay(Outbox(database, bell, utc_now), bell, reconciler, config.broker, ORDERS)


if __name__ == "__main__":
    sys.exit(run("orders", wire))
