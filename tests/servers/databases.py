"""Databases on a server, one per test: copies of a migrated one, because migrating takes longer than most tests."""

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
from mesh.testing import wait_until
from tests.harness import PROCESS_TIMEOUT_SECONDS
from tests.servers import containers, mariadb


class MissingServerError(Exception):
    """No database server can be used; the message is one sentence."""


class Databases:
    """Creates and drops databases with unique names, so that a server can be shared.

    Args:
        url: URL of a server, with an account that may create databases.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(database=None)
        self._admin: Engine = create_engine(self._url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self._templates: dict[bool, Template] = {}

    @contextmanager
    def empty(self) -> Iterator[URL]:
        """Yield the URL of a database without tables; drop the database at the end."""
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
        """Yield the URL of a database with all tables, and with the catalogue if `seeded`; drop it at the end."""
        template = self._template(seeded=seeded)
        with self.empty() as url:
            with self._admin.connect() as connection:
                template.copy(connection, str(url.database))
            yield url

    def close(self) -> None:
        """Drop the templates."""
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
        connection: connection to the server.
        name: name of the database.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.name = name
        tables = inspect(connection).get_table_names(schema=name)
        self._definitions = [
            connection.exec_driver_sql(f"SHOW CREATE TABLE {name}.`{table}`").one()[1] for table in tables
        ]
        self._tables_with_rows = [
            table
            for table in tables
            if connection.exec_driver_sql(f"SELECT 1 FROM {name}.`{table}` LIMIT 1").first()  # noqa: S608 - our names
        ]

    def copy(self, connection: Connection, name: str) -> None:
        """Create the same tables and rows in another database."""
        connection.exec_driver_sql(f"USE {name}")
        connection.exec_driver_sql("SET foreign_key_checks = 0")  # the tables are created in the order of their names
        for definition in self._definitions:
            connection.exec_driver_sql(definition.replace("%", "%%"))
        for table in self._tables_with_rows:
            connection.exec_driver_sql(f"INSERT INTO `{table}` SELECT * FROM {self.name}.`{table}`")  # noqa: S608 - our names
        connection.exec_driver_sql("SET foreign_key_checks = 1")


class Server(Protocol):
    """A server that can be killed and started again on the same port, with the same data."""

    @property
    def url(self) -> str:
        """URL of the server with an administrator's account, without a database name."""

    def start(self) -> None:
        """Start the server."""

    def kill(self) -> None:
        """Kill the server."""

    def shut_down(self) -> None:
        """Stop the server in order; it can be started again."""

    def stop(self) -> None:
        """Stop the server and delete what it used."""


@contextmanager
def database_server(folder: Path, *options: str) -> Iterator[Server]:
    """Yield a new server, in a container where possible, else as a process; stop it at the end.

    Args:
        folder: an empty folder.
        options: options of the server; files that they name have to be in the folder's `readable`.

    Raises:
        MissingServerError: there is neither an image nor a program.
    """
    readable = folder / "readable"
    readable.mkdir(exist_ok=True)
    server: Server
    if containers.reachable() and containers.present(containers.MYSQL):
        server = containers.MySqlContainer(readable, *options)
    elif mariadb.installed():
        server = mariadb.MariaDb(folder, *options)
    else:
        raise MissingServerError("No MySQL or MariaDB server can be started here: `make test` installs one.")
    try:
        server.start()
        wait_until_reachable(server.url)
        yield server
    finally:
        server.stop()


@contextmanager
def shared_database_server(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the URL of the server that most tests share: the one of `TEST_DB_URL`, or a new one."""
    if environ.get("TEST_DB_URL"):
        yield environ["TEST_DB_URL"]
        return
    with database_server(folder) as server:
        yield server.url


def wait_until_reachable(url: str) -> None:
    """Wait until the server accepts connections: the first start of a container takes a while.

    Raises:
        AssertionError: it does not accept them in time.
    """
    engine = create_engine(url, poolclass=NullPool)
    reason = ""

    def is_reachable() -> bool:
        nonlocal reason
        try:
            engine.connect().close()
        except DBAPIError as error:
            reason = str(error.orig)
            return False
        return True

    wait_until(is_reachable, PROCESS_TIMEOUT_SECONDS, lambda: f"The database server does not respond: {reason}.")
