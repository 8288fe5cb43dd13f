"""The product on a broker and a database that may be killed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.chaos.storm import wait_until_open
from tests.harness import Product
from tests.servers.brokers import own_broker
from tests.servers.databases import Server, own_server, wait_until_it_answers
from tests.servers.rabbitmq import Broker

NAME = "chaos"


class Database:
    """The database as the storm sees it.

    Args:
        server: the server that is meant.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def kill(self) -> None:
        """Ends it without a warning."""
        self._server.kill()

    def begin(self) -> None:
        """Starts it on the same data."""
        self._server.start()

    def wait(self) -> None:
        """Waits until it answers."""
        wait_until_it_answers(self._server.url)


@contextmanager
def shop(folder: Path) -> Iterator[tuple[Product, Broker, Database]]:
    """The product, open for buyers, with its broker and its database; all stopped at the end."""
    with ExitStack() as stack:
        for name in ("product", "broker", "database"):
            (folder / name).mkdir()
        broker = stack.enter_context(own_broker(folder / "broker"))
        database = stack.enter_context(own_server(folder / "database"))
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
