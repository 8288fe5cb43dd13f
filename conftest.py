"""What the tests of several packages share: migrated databases on each engine, a broker, and quiet logs."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest
import structlog
from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from database.base import Base
from database.engine import Database, parse_url
from database.migrate import upgrade
from database.seed import seed
from mesh.broker.settings import Settings, broker_settings
from tests.servers.brokers import own_broker
from tests.servers.databases import Databases, serving
from tests.servers.rabbitmq import Broker

SQLITE, SERVER = "sqlite", "server"


def pytest_configure() -> None:
    """Ends the tests as Ctrl-C does when they are told to end: their fixtures stop what they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    """Lines below CRITICAL go nowhere; a test that reads lines uses structlog's own `capture_logs`."""
    structlog.configure(processors=[_drop], logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, to copy: migrating each test's own would take longer than most tests."""
    return _prepared(tmp_path_factory.mktemp("migrated") / "bookstore.db", seeded=False)


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the catalogue."""
    return _prepared(tmp_path_factory.mktemp("seeded") / "bookstore.db", seeded=True)


@pytest.fixture
def memory_database(migrated_file: Path) -> Iterator[Database]:
    """A migrated database in memory, without rows. All its threads share one connection: for one thread only."""
    yield from _in_memory(migrated_file)


@pytest.fixture
def seeded_database(seeded_file: Path) -> Iterator[Database]:
    """A database in memory with the catalogue, for one thread only."""
    yield from _in_memory(seeded_file)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases on a real MySQL or MariaDB server; without one the tests that need it fail, and none is skipped."""
    with serving(os.environ, tmp_path_factory.mktemp("server")) as url:  # noqa: TID251 - a test program's own
        made = Databases(url)
        yield made
        made.close()


@pytest.fixture(params=[SQLITE, SERVER])
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that uses one of the databases below runs on a SQLite file and on a real server."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest) -> Iterator[URL]:
    """A migrated database of the test's own, without rows, for many threads and processes."""
    yield from _copy(engine, request, seeded=False)


@pytest.fixture
def seeded_url(engine: str, request: pytest.FixtureRequest) -> Iterator[URL]:
    """The same with the catalogue."""
    yield from _copy(engine, request, seeded=True)


@pytest.fixture
def file_database(database_url: URL) -> Iterator[Database]:
    """The migrated database, opened."""
    yield from _opened(database_url)


@pytest.fixture
def seeded_file_database(seeded_url: URL) -> Iterator[Database]:
    """The database with the catalogue, opened."""
    yield from _opened(seeded_url)


@pytest.fixture(
    params=[pytest.param(SQLITE, marks=pytest.mark.unit), pytest.param(SERVER, marks=pytest.mark.integration)]
)
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database without rows: in memory for the unit tests, on a real server for the integration tests."""
    if request.param == SQLITE:
        yield from _in_memory(request.getfixturevalue("migrated_file"))
        return
    for url in _copy(SERVER, request, seeded=False):
        yield from _opened(url)


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real broker, one a session: it takes seconds to start."""
    with own_broker(tmp_path_factory.mktemp("rabbit")) as server:
        yield server


@pytest.fixture
def vhost(rabbit: Broker) -> Iterator[str]:
    """A virtual host of the test's own."""
    with rabbit.vhost() as name:
        yield name


@pytest.fixture
def broker_url(rabbit: Broker, vhost: str) -> str:
    """How to reach it."""
    return rabbit.url(vhost)


@pytest.fixture
def broker(broker_url: str) -> Settings:
    """The same, as services hold it."""
    return cast("Settings", broker_settings({"RABBIT_URL": broker_url}))


@pytest.fixture(scope="session")
def all_tables() -> MetaData:
    """The tables of all services; no service may import another's, and the database knows none of them."""
    for module in ("svc_users.store.tables", "svc_books.store.tables", "svc_orders.models"):
        import_module(module)
    return Base.metadata


def _drop(*_: object) -> structlog.typing.EventDict:
    raise structlog.DropEvent


def _prepared(file: Path, *, seeded: bool) -> Path:
    database = Database(parse_url(f"sqlite:///{file}"))
    upgrade(database)
    if seeded:
        seed(database)
    database.close()
    return file


def _in_memory(template: Path) -> Iterator[Database]:
    database = Database(parse_url("sqlite:///:memory:"))
    with closing(sqlite3.connect(template)) as source, database.read() as connection:
        source.backup(cast("sqlite3.Connection", connection.connection.dbapi_connection))
    yield database
    database.close()


def _copy(engine: str, request: pytest.FixtureRequest, *, seeded: bool) -> Iterator[URL]:
    if engine == SERVER:
        with request.getfixturevalue("databases").migrated(seeded=seeded) as url:
            yield url
        return
    file = request.getfixturevalue("tmp_path") / "bookstore.db"
    template = request.getfixturevalue("seeded_file" if seeded else "migrated_file")
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
    yield parse_url(f"sqlite:///{file}")


def _opened(url: URL) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
