"""Fixtures for the tests of all packages: migrated databases on each engine, a broker, and quiet logs."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
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
from registry.services import services
from tests.isolation import Guard
from tests.servers.brokers import broker_server
from tests.servers.databases import Databases, shared_database_server
from tests.servers.rabbitmq import Broker

SQLITE, SERVER = "sqlite", "server"
GUARD = Guard()


def pytest_configure() -> None:
    """End the tests on SIGTERM and SIGHUP as on Ctrl-C, so that fixtures stop the servers that they started."""
    # This process runs servers and starts others: gRPC would log about each fork, into output that tests compare.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # noqa: TID251 - gRPC reads it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Under nohup, programs that tests start would ignore SIGHUP, too: what is not ignored here has its default there.
    signal.signal(signal.SIGHUP, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Forbid processes and network sockets while the fixtures of a unit test are set up."""
    with _isolation(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Forbid processes and network sockets while a unit test runs."""
    with _isolation(item):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    """Log entries are dropped; a test that reads them uses structlog's `capture_logs`."""
    structlog.configure(processors=[_drop], logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file without rows, to copy: a migration takes longer than most tests."""
    return _create_file(tmp_path_factory.mktemp("migrated") / "bookstore.db", seeded=False)


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file with the catalogue, to copy."""
    return _create_file(tmp_path_factory.mktemp("seeded") / "bookstore.db", seeded=True)


@pytest.fixture
def memory_database(migrated_file: Path) -> Iterator[Database]:
    """A migrated database in memory, without rows, for one thread: all users share one connection."""
    yield from _in_memory(migrated_file)


@pytest.fixture
def seeded_database(seeded_file: Path) -> Iterator[Database]:
    """A database in memory with the catalogue, for one thread."""
    yield from _in_memory(seeded_file)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases on a real MySQL or MariaDB server; without a server, the tests that need it fail."""
    with shared_database_server(os.environ, tmp_path_factory.mktemp("server")) as url:  # noqa: TID251 - a test program's own
        databases = Databases(url)
        yield databases
        databases.close()


@pytest.fixture(params=[SQLITE, SERVER])
def engine(request: pytest.FixtureRequest) -> str:
    """Engine of the databases below: a test that uses one of them runs on a SQLite file and on a real server."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest) -> Iterator[URL]:
    """URL of a migrated database without rows, for many threads and processes."""
    yield from _copy(engine, request, seeded=False)


@pytest.fixture
def seeded_url(engine: str, request: pytest.FixtureRequest) -> Iterator[URL]:
    """URL of a database with the catalogue, for many threads and processes."""
    yield from _copy(engine, request, seeded=True)


@pytest.fixture
def file_database(database_url: URL) -> Iterator[Database]:
    """A migrated database without rows."""
    yield from _open(database_url)


@pytest.fixture
def seeded_file_database(seeded_url: URL) -> Iterator[Database]:
    """A database with the catalogue."""
    yield from _open(seeded_url)


@pytest.fixture(
    params=[pytest.param(SQLITE, marks=pytest.mark.unit), pytest.param(SERVER, marks=pytest.mark.integration)]
)
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database without rows: in memory for the unit tests, on a real server for the integration tests."""
    if request.param == SQLITE:
        yield from _in_memory(request.getfixturevalue("migrated_file"))
        return
    for url in _copy(SERVER, request, seeded=False):
        yield from _open(url)


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real broker, one per session because it takes seconds to start."""
    with broker_server(tmp_path_factory.mktemp("rabbit")) as server:
        yield server


@pytest.fixture
def vhost(rabbit: Broker) -> Iterator[str]:
    """A new virtual host for each test."""
    with rabbit.vhost() as name:
        yield name


@pytest.fixture
def broker_url(rabbit: Broker, vhost: str) -> str:
    """URL of the test's virtual host."""
    return rabbit.url(vhost)


@pytest.fixture
def broker(broker_url: str) -> Settings:
    """Settings of the test's virtual host."""
    return cast("Settings", broker_settings({"RABBIT_URL": broker_url}))


@pytest.fixture(scope="session")
def all_tables() -> MetaData:
    """The tables of all services; neither services nor the database package may import them all."""
    for module in (f"{entry.package}.store.tables" for entry in services()):
        import_module(module)
    return Base.metadata


def _isolation(item: pytest.Item) -> AbstractContextManager[None]:
    return GUARD.enforced() if item.get_closest_marker("unit") else nullcontext()


def _drop(*_: object) -> structlog.typing.EventDict:
    raise structlog.DropEvent


def _create_file(file: Path, *, seeded: bool) -> Path:
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


def _open(url: URL) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
