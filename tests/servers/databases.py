"""Databases on a server, one a test: copies of a migrated one, because migrating takes longer than most tests."""

import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from database.engine import Database
from database.migrate import upgrade
from database.seed import seed
from tests.harness import PATIENCE
from tests.servers import containers, mariadb

IMAGE = "mysql:8.4"


class MissingServerError(Exception):
    """There is no server to test on; the message is one sentence."""


class Databases:
    """Makes and drops databases with names of their own, so that a server may be shared.

    Args:
        url: a server, with an account that may create databases.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(database=None)
        self._admin: Engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
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


@contextmanager
def serving(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The URL of a real server: the one of `TEST_DB_URL`, a container's, or one that is started here by hand.

    Raises:
        MissingServerError: when there is none.
    """
    if environ.get("TEST_DB_URL"):
        yield environ["TEST_DB_URL"]
    elif containers.reachable() and containers.present(IMAGE):
        with _container() as url:
            yield url
    elif mariadb.installed():
        server = mariadb.MariaDb(folder)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()
    else:
        raise MissingServerError("No MySQL or MariaDB server can be started here: `make test` brings one.")


@contextmanager
def _container() -> Iterator[str]:
    password = secrets.token_urlsafe(16)
    options = ("--tmpfs=/var/lib/mysql",)  # nothing has to outlive the tests, and memory does not wait for a disk
    with containers.running(
        IMAGE, 3306, {"MYSQL_ROOT_PASSWORD": password}, options, ("--max-connections=500",)
    ) as port:
        url = f"mysql+mysqlconnector://root:{password}@127.0.0.1:{port}"
        wait_until_it_answers(url)
        yield url


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
