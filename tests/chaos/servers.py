"""The product on a broker and a database that may be killed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.chaos.storm import wait_until_open
from tests.harness import Product
from tests.servers.mariadb import MariaDb
from tests.servers.rabbitmq import RabbitMq

NAME = "chaos"


class Database(MariaDb):
    """MariaDB is back in a second: beginning is all there is to do."""

    def begin(self) -> None:
        """Starts it."""
        self.start()

    def wait(self) -> None:
        """It answers already."""


@contextmanager
def shop(folder: Path) -> Iterator[tuple[Product, RabbitMq, Database]]:
    """The product, open for buyers, with its broker and its database; all stopped at the end."""
    with ExitStack() as stack:
        for name in ("product", "broker", "database"):
            (folder / name).mkdir()
        broker, database = RabbitMq(folder / "broker"), Database(folder / "database")
        for server in (broker, database):
            stack.callback(server.stop)
            server.start()
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
        yield product, broker, database
