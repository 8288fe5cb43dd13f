"""`python -m svc_books` runs the books service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.books.v1 import books_pb2, books_pb2_grpc

from database.engine import Database
from mesh.pools import Pools
from mesh.server import MeshServer, Service, run
from svc_books.config import Config
from svc_books.servicer import BooksServicer
from svc_books.store.books import BookStore
from svc_books.store.returns import ReturnStore
from svc_books.store.stock import StockStore


def service(database: Database, pools: Pools | None = None) -> Service:
    """Return the service on a database."""
    servicer = BooksServicer(BookStore(database), StockStore(database), ReturnStore(database))
    return Service(
        name="books",
        descriptor=books_pb2.DESCRIPTOR.services_by_name["Books"],
        add=lambda server: books_pb2_grpc.add_BooksServicer_to_server(servicer, server),
        probe=database.check_ready,
        pools=pools or Pools(),
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """Return the server, and a function that closes its database."""
    config = Config.from_env(environ)
    database = config.database.open()
    pools = Pools.for_connections(config.database.options.pool_size)
    return MeshServer(service(database, pools), config.mesh_secret, config.address), database.close


if __name__ == "__main__":
    sys.exit(run("books", wire))
