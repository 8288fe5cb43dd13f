"""Databases on a server, one a test: copies of a migrated one, because migrating takes longer than most tests."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from database.engine import Database
from database.migrate import upgrade
from database.seed import seed
from tests.harness import PATIENCE
from tests.servers import containers, mariadb


class MissingServerError(Exception):
    """There is no server to test on; the message is one sentence."""


class Databases:
    """Makes and drops databases with names of their own, so that a server may be shared.

    Args:
        url: a server, with an account that may create databases.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(database=None)
        self._admin: Engine = create_engine(self._url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self._templates: dict[bool, Template] = {}

    @contextmanager
    def empty(self) -> Iterator[URL]:
        """A database without tables, gone at the end."""
        url = self._url.set(database=f"test_{uuid.uuid4().hex[:16]}")
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {url.database}")
        try:
            yield url
        finally:
            with self._admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {url.database}")

    @contextmanager
    def migrated(self, *, seeded: bool) -> Iterator[URL]:
        """A database with all tables, and with the catalogue when asked for; gone at the end."""
        template = self._template(seeded=seeded)
        with self.empty() as url:
            with self._admin.connect() as connection:
                template.copy(connection, str(url.database))
            yield url

    def close(self) -> None:
        """Drops the templates."""
        with self._admin.connect() as connection:
            for template in self._templates.values():
                connection.exec_driver_sql(f"DROP DATABASE {template.name}")
        self._admin.dispose()

    def _template(self, *, seeded: bool) -> "Template":
        if seeded not in self._templates:
            name = f"template_{uuid.uuid4().hex[:16]}"
            with self._admin.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            database = Database(self._url.set(database=name))
            upgrade(database)
            if seeded:
                seed(database)
            database.close()
            with self._admin.connect() as connection:
                self._templates[seeded] = Template(connection, name)
        return self._templates[seeded]


class Template:
    """A database to copy.

    Args:
        connection: to its server.
        name: the database's.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.name = name
        tables = inspect(connection).get_table_names(schema=name)
        self._definitions = [
            connection.exec_driver_sql(f"SHOW CREATE TABLE {name}.`{table}`").one()[1] for table in tables
        ]
        self._filled = [
            table
            for table in tables
            if connection.exec_driver_sql(f"SELECT 1 FROM {name}.`{table}` LIMIT 1").first()  # noqa: S608 - our names
        ]

    def copy(self, connection: Connection, name: str) -> None:
        """Makes its tables and rows in another database."""
        connection.exec_driver_sql(f"USE {name}")
        connection.exec_driver_sql("SET foreign_key_checks = 0")  # the tables come in the order of their names
        for definition in self._definitions:
            connection.exec_driver_sql(definition.replace("%", "%%"))
        for table in self._filled:
            connection.exec_driver_sql(f"INSERT INTO `{table}` SELECT * FROM {self.name}.`{table}`")  # noqa: S608 - our names
        connection.exec_driver_sql("SET foreign_key_checks = 1")


class Server(Protocol):
    """A server that can be killed and started again on the same port, with the same data."""

    @property
    def url(self) -> str:
        """How to reach it, for an account that may do everything, without a database's name."""

    def start(self) -> None:
        """Starts it."""

    def kill(self) -> None:
        """Ends it without a warning."""

    def shut_down(self) -> None:
        """Ends it in order, to be started again."""

    def stop(self) -> None:
        """Ends it for good."""


@contextmanager
def own_server(folder: Path, *options: str) -> Iterator[Server]:
    """A server of the tests' own, stopped at the end: a container, or one that is started by hand.

    Args:
        folder: an empty folder.
        options: of the server; what they name has to be in the folder's `readable`.

    Raises:
        MissingServerError: when there is neither.
    """
    readable = folder / "readable"
    readable.mkdir(exist_ok=True)
    server: Server
    if containers.reachable() and containers.present(containers.MYSQL):
        server = containers.MySqlContainer(readable, *options)
    elif mariadb.installed():
        server = mariadb.MariaDb(folder, *options)
    else:
        raise MissingServerError("No MySQL or MariaDB server can be started here: `make test` brings one.")
    try:
        server.start()
        wait_until_it_answers(server.url)
        yield server
    finally:
        server.stop()


@contextmanager
def serving(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The URL of the server that most tests share: the one of `TEST_DB_URL`, or one of the tests' own."""
    if environ.get("TEST_DB_URL"):
        yield environ["TEST_DB_URL"]
        return
    with own_server(folder) as server:
        yield server.url


def wait_until_it_answers(url: str) -> None:
    """Returns when the server takes connections: a container's first start takes a while.

    Raises:
        MissingServerError: when it does not in time.
    """
    engine = create_engine(url, poolclass=NullPool)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            engine.connect().close()
        except DBAPIError as error:
            if time.monotonic() > deadline:
                message = f"The database server does not answer: {error.orig}."
                raise MissingServerError(message) from None
            time.sleep(0.1)
        else:
            return
