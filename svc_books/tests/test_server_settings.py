"""The product works in the same way whatever the settings of its server are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from database.engine import Database
from database.migrate import upgrade
from database.tests.rows import add_book, count, execute
from svc_books.rules import BookFilters, BookSort
from svc_books.store.books import BookStore
from tests.servers.databases import Databases, database_server

pytestmark = pytest.mark.integration

OPTIONS = (
    "--autocommit=0",
    "--transaction-isolation=SERIALIZABLE",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
    "--lower-case-table-names=1",
    "--innodb-rollback-on-timeout=1",
    "--init-connect=SET @set_by_the_server = 1",
    "--default-time-zone=+09:00",
)
"""Settings that a server can only be started with, and some that change the meaning of statements."""
VARIABLES = {
    "completion_type": "'RELEASE'",
    "foreign_key_checks": "0",
    "group_concat_max_len": "4",
    "innodb_lock_wait_timeout": "100",
    "lock_wait_timeout": "100",
    "max_sort_length": "8",
    "sql_auto_is_null": "1",
    "sql_safe_updates": "1",
    "sql_select_limit": "1",
    "unique_checks": "0",
    "check_constraint_checks": "0",  # MariaDB
    "max_execution_time": "1",  # MySQL
    "max_statement_time": "0.000001",  # MariaDB
}
MODES = (
    "ALLOW_INVALID_DATES",
    "ANSI",
    "ANSI_QUOTES",
    "ANSI_QUOTES,NO_BACKSLASH_ESCAPES",
    "DB2",
    "EMPTY_STRING_IS_NULL",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "MAXDB",
    "MSSQL",
    "NO_AUTO_VALUE_ON_ZERO",
    "NO_BACKSLASH_ESCAPES",
    "NO_DIR_IN_CREATE",
    "NO_UNSIGNED_SUBTRACTION",
    "ORACLE",
    "PAD_CHAR_TO_FULL_LENGTH",
    "PIPES_AS_CONCAT",
    "POSTGRESQL",
    "REAL_AS_FLOAT",
    "SIMULTANEOUS_ASSIGNMENT",
    "TIME_ROUND_FRACTIONAL",
    "TIME_TRUNCATE_FRACTIONAL",
    "TRADITIONAL",
)
"""Modes of MySQL and MariaDB; some exist on one of them only."""
MIN_MODES = 13
TEXTS = ("C:\\Temp", "it's", 'say "x"', "a\\", "\\' OR 1=1 -- ", "50%", "snake_case", "Émile!")


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server with unusual settings."""
    folder: Path = tmp_path_factory.mktemp("unusual")
    with database_server(folder, *OPTIONS) as started:
        yield started.url


@pytest.fixture
def admin(server_url: str) -> Iterator[Engine]:
    """Return an engine for an administrator, whose sessions have none of these settings."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", pool_size=1)
    with engine.connect():
        yield engine
    engine.dispose()


@pytest.fixture
def url(server_url: str, admin: Engine) -> Iterator[URL]:
    """Return the URL of an empty database."""
    databases = Databases(server_url)
    with databases.empty() as url:
        yield url
    databases.close()


def set_globally(admin: Engine, name: str, value: str) -> bool:
    """Set a variable for new sessions, and return whether the server has it, with this value."""
    with admin.connect() as connection:
        try:
            connection.exec_driver_sql(f"SET GLOBAL {name} = {value}")
        except DBAPIError:
            return False
    return True


def use(database: Database) -> None:
    """Store and find texts with special characters, and check the constraints."""
    store = BookStore(database)
    for each in TEXTS:
        add_book(database, title=each, genre=each)
    for each in TEXTS:
        page = store.page(BookFilters(genre=each, search=each), BookSort.TITLE, 0, 100)
        assert [book.title for book in page.books] == [each]
    assert store.page(BookFilters(), BookSort.TITLE, 0, 100).total_size == len(TEXTS)
    with pytest.raises(DBAPIError):
        execute(database, "UPDATE Books SET quantity = -1")
    with pytest.raises(IntegrityError):
        execute(database, "INSERT INTO StockMovements VALUES (99, 1, 1, 'applied')")
    execute(database, "DELETE FROM Books")
    assert count(database, "Books") == 0


def test_no_variable_of_the_server_matters(admin: Engine, url: URL) -> None:
    """The schema is created and used on a server whose defaults change limits, checks and transactions."""
    with admin.connect() as connection:
        old = {
            name: connection.exec_driver_sql(f"SELECT @@GLOBAL.{name}").scalar_one()
            for name in VARIABLES
            if connection.execute(text("SHOW GLOBAL VARIABLES LIKE :name"), {"name": name}).first()
        }
    try:
        for name in old:
            assert set_globally(admin, name, VARIABLES[name])
        database = Database(url)
        upgrade(database)
        use(database)
        database.check_ready()
        with database.read() as reader, database.write() as writer:
            for connection in (reader, writer):
                assert connection.execute(text("SELECT @@time_zone")).scalar_one() == "+00:00"
        database.close()
    finally:
        for name, value in old.items():
            assert set_globally(admin, name, f"'{value}'" if isinstance(value, str) else str(value))


def test_no_sql_mode_of_the_server_matters(admin: Engine, url: URL) -> None:
    """Texts are escaped correctly, and names quoted, in each mode that a server may have."""
    with admin.connect() as connection:
        old = connection.exec_driver_sql("SELECT @@GLOBAL.sql_mode").scalar_one()
    try:
        set_globally(admin, "sql_mode", "'ANSI,NO_BACKSLASH_ESCAPES'")
        database = Database(url)
        upgrade(database)
        database.close()
        modes = 0
        for mode in MODES:
            modes += set_globally(admin, "sql_mode", f"'{mode}'")
            database = Database(url)
            use(database)
            database.close()
        assert modes >= MIN_MODES
    finally:
        assert set_globally(admin, "sql_mode", f"'{old}'")
