"""What the tests of several packages share: migrated databases, a broker, and quiet logs."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest
import structlog
from sqlalchemy import MetaData

from database.base import Base
from database.engine import Database, parse_url
from database.migrate import upgrade
from database.seed import seed
from mesh.broker.settings import Settings, broker_settings
from tests.servers.rabbitmq import RabbitMq


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


@pytest.fixture
def file_database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated database in a file of its own, without rows, for many threads and processes."""
    yield from _in_file(migrated_file, tmp_path / "bookstore.db")


@pytest.fixture
def seeded_file_database(seeded_file: Path, tmp_path: Path) -> Iterator[Database]:
    """The same with the catalogue."""
    yield from _in_file(seeded_file, tmp_path / "bookstore.db")


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    """A broker of the tests' own, one a session: it takes seconds to start."""
    server = RabbitMq(tmp_path_factory.mktemp("rabbit"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def vhost(rabbit: RabbitMq) -> Iterator[str]:
    """A virtual host of the test's own."""
    with rabbit.vhost() as name:
        yield name


@pytest.fixture
def broker_url(rabbit: RabbitMq, vhost: str) -> str:
    """How to reach it."""
    return rabbit.url(vhost)


@pytest.fixture
def broker(broker_url: str) -> Settings:
    """The same, as services hold it."""
    return cast("Settings", broker_settings({"RABBIT_URL": broker_url}))


@pytest.fixture(scope="session")
def all_tables() -> MetaData:
    """The tables of all services; no service may import another's, and the database knows none of them."""
    for service in ("svc_users", "svc_books", "svc_orders"):
        import_module(f"{service}.models")
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


def _in_file(template: Path, file: Path) -> Iterator[Database]:
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
    database = Database(parse_url(f"sqlite:///{file}"))
    yield database
    database.close()
