"""`python -m svc_orders`: runs the orders service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from database.engine import Database
from mesh.client import Target, connect
from mesh.identity import Signer
from mesh.server import MeshServer, Service, run
from svc_orders.config import Config
from svc_orders.outbox import Bell, Outbox
from svc_orders.servicer import OrdersServicer, utc_now
from svc_orders.store import OrderStore


def service(database: Database, books: books_pb2_grpc.BooksStub) -> Service:
    """The service on a database."""
    bell = Bell()
    servicer = OrdersServicer(OrderStore(database), Outbox(database, bell, utc_now), bell, books)
    return Service(
        name="orders",
        descriptor=orders_pb2.DESCRIPTOR.services_by_name["Orders"],
        add=lambda server: orders_pb2_grpc.add_OrdersServicer_to_server(servicer, server),
        probe=database.ping,
        stopping=bell.close,
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """The server, and how to close what it holds."""
    config = Config.from_env(environ)
    database = config.database.open()
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    channel = connect(books, Signer("orders", config.mesh_secret))
    server = MeshServer(service(database, books_pb2_grpc.BooksStub(channel)), config.mesh_secret, config.address)

    def close() -> None:
        channel.close()
        database.close()

    return server, close


if __name__ == "__main__":
    sys.exit(run("orders", wire))
