"""The product with a broker and a database that can be killed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.chaos.faults import wait_until_open
from tests.harness import Product
from tests.servers.brokers import broker_server
from tests.servers.databases import Server, database_server, wait_until_reachable
from tests.servers.rabbitmq import Broker

NAME = "chaos"


class Database:
    """A database server with the interface of a broker.

    Args:
        server: the server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def kill(self) -> None:
        """Kill the server."""
        self._server.kill()

    def begin(self) -> None:
        """Start the server with the same data."""
        self._server.start()

    def wait(self) -> None:
        """Wait until the server accepts connections."""
        wait_until_reachable(self._server.url)


@contextmanager
def running_shop(folder: Path) -> Iterator[tuple[Product, Broker, Database]]:
    """Yield the running product, its broker and its database; stop all of them at the end."""
    with ExitStack() as stack:
        for name in ("product", "broker", "database"):
            (folder / name).mkdir()
        broker = stack.enter_context(broker_server(folder / "broker"))
        database = stack.enter_context(database_server(folder / "database"))
        url = make_url(database.url)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {NAME}")
        engine.dispose()
        settings = {
            "dbURL": url.set(database=NAME).render_as_string(hide_password=False),
            "RABBIT_URL": broker.url(),
        }
        product = Product(folder / "product", settings)
        product.prepare()
        stack.callback(product.stop)
        product.start("users", "books", "orders", "worker", "gateway")
        wait_until_open(product)
        yield product, broker, Database(database)
