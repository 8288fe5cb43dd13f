"""A migration that is interrupted at any statement continues, and only one process migrates at a time."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, Integer, MetaData, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

from database.engine import Database, DatabaseUrlError, parse_url
from database.locks import exclusive
from database.migrate import upgrade
from database.seed import seed
from database.tests.rows import count, execute
from database.tests.test_migrations import definitions
from mesh.errors import Unavailable
from tests.servers.databases import Databases

OLD_SCHEMA = Path(__file__).with_name("schema_0004.sql")
DDL = ("CREATE", "ALTER", "DROP")
PROCESS_TIMEOUT_SECONDS = 60


class PowerFailureError(Exception):
    """The process ends here."""


@contextmanager
def interrupted_after(statements: int, kinds: tuple[str, ...]) -> Iterator[None]:
    """Raise an error before the statement that follows this number of statements of these kinds."""
    executed = 0

    def interrupt(*arguments: object) -> None:
        nonlocal executed
        if str(arguments[2]).strip().startswith(kinds):
            if executed == statements:
                raise PowerFailureError
            executed += 1

    event.listen(Engine, "before_cursor_execute", interrupt)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", interrupt)


def dump(database: Database) -> list[str]:
    """Return the schema and the rows of a SQLite database."""
    with database.read() as connection:
        return list(cast("sqlite3.Connection", connection.connection.dbapi_connection).iterdump())


@pytest.fixture
def old_database() -> Iterator[Database]:
    """A database in memory that a version before the fifth migration has created."""
    database = Database(parse_url("sqlite:///:memory:"))
    with database.read() as connection:
        cast("sqlite3.Connection", connection.connection.dbapi_connection).executescript(OLD_SCHEMA.read_text("utf-8"))
    yield database
    database.close()


@pytest.mark.integration
def test_a_migration_continues_after_every_statement_of_a_server(databases: Databases) -> None:
    """MySQL and MariaDB commit each DDL statement: each run here executes one more of them before it is interrupted."""
    with databases.empty() as url, databases.empty() as whole_url:
        runs = 1
        while not _upgrade_one_statement(url):
            runs += 1
        assert runs > 20
        database, whole = Database(url), Database(whole_url)
        upgrade(whole)
        assert definitions(database) == definitions(whole)
        assert seed(database) >= 60
        database.close()
        whole.close()


def _upgrade_one_statement(url: URL) -> bool:
    database = Database(url)
    try:
        with interrupted_after(1, DDL):
            return upgrade(database)
    except PowerFailureError:
        return False
    finally:
        database.close()


@pytest.mark.unit
def test_an_interrupted_migration_leaves_a_sqlite_database_as_it_was(old_database: Database) -> None:
    """The whole upgrade is one transaction, also where it replaces tables."""
    before = dump(old_database)
    for statements in range(200):
        try:
            with interrupted_after(statements, (*DDL, "SELECT", "INSERT", "UPDATE", "BEGIN")):
                upgrade(old_database)
        except PowerFailureError:
            assert dump(old_database) == before
        else:
            break
    assert 15 < statements < 199
    assert dump(old_database) != before


@pytest.mark.unit
def test_an_old_sqlite_database_becomes_what_a_new_one_is(old_database: Database, memory_database: Database) -> None:
    """The rebuilt tables have the same columns, constraints and indexes as new ones, and keep their rows."""
    before = {line for line in dump(old_database) if line.startswith("INSERT") and "alembic_version" not in line}
    assert upgrade(old_database)
    assert _schema(old_database) == _schema(memory_database)
    after = dump(old_database)
    assert all(any(line.startswith(row.removesuffix(");")) for line in after) for row in before)  # columns may follow
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):  # references are enforced again
        execute(old_database, "DELETE FROM Users WHERE user_id = 7")


def _schema(database: Database) -> set[str]:
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars()
        return {" ".join(row.replace("\t", " ").split()) for row in rows}


@pytest.mark.unit
def test_a_rebuilt_table_keeps_what_others_have_added(old_database: Database) -> None:
    """An operator's column, index, view and triggers survive, also a trigger of another table."""
    for statement in (
        "ALTER TABLE Users ADD COLUMN notes TEXT DEFAULT 'none'",
        "CREATE INDEX ix_notes ON Users (notes)",
        "CREATE VIEW Names AS SELECT username, notes FROM Users",
        "CREATE TRIGGER own AFTER UPDATE OF username ON Users BEGIN UPDATE Users SET notes = 'changed'; END",
        "CREATE TRIGGER other AFTER UPDATE ON Books BEGIN UPDATE Users SET notes = 'sold'; END",
    ):
        execute(old_database, statement)
    assert upgrade(old_database)
    execute(old_database, "UPDATE Users SET username = 'anne' WHERE user_id = 1")
    assert count(old_database, "Names", "notes = 'changed'") == 2
    execute(old_database, "UPDATE Books SET quantity = 4")
    assert count(old_database, "Names", "notes = 'sold'") == 2
    assert count(old_database, "sqlite_master", "name = 'ix_notes'") == 1


@pytest.mark.unit
def test_no_table_of_sqlite_assigns_an_id_again(memory_database: Database, all_tables: MetaData) -> None:
    """Every table with a generated id uses AUTOINCREMENT."""
    generated = {
        table.name
        for table in all_tables.tables.values()
        if (table.autoincrement_column is None) is False and isinstance(table.primary_key.columns[0].type, Integer)
    }
    assert {"Users", "Books", "Orders"} <= generated
    for name in generated:
        assert count(memory_database, "sqlite_master", f"name = '{name}' AND sql LIKE '%AUTOINCREMENT%'") == 1, name


def test_the_id_of_a_deleted_user_is_not_assigned_again(any_database: Database) -> None:
    """An old token, which names the deleted user, never means the next one."""
    add = "INSERT INTO Users (username, email, password_hash, created_at) VALUES ('a', 'a@b.c', 'x', '2026-01-01')"
    first = execute(any_database, add)
    execute(any_database, "DELETE FROM Users")
    assert execute(any_database, add) > first


@pytest.mark.unit
def test_a_newer_schema_is_left_unchanged(memory_database: Database) -> None:
    """An older version of the product, which runs its migrations again, does not fail either."""
    execute(memory_database, "UPDATE alembic_version SET version_num = '9999'")
    before = dump(memory_database)
    assert upgrade(memory_database) is False
    assert dump(memory_database) == before


@pytest.mark.unit
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("CREATE TABLE Users (id INT)", "has a table Users of another program"),
        (
            "CREATE TABLE Users (user_id INT, username TEXT, email TEXT, password_hash TEXT, created_at TEXT)",
            "has a table Users of another program",
        ),
        ("CREATE TABLE LoginFailures (id INT)", "the table LoginFailures was created by another program"),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('ab12cd')",
            "alembic_version belongs to another program",
        ),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32)); CREATE TABLE Books (id INT)",
            "the table Books was created by another program",
        ),
    ],
)
def test_tables_of_another_program_are_left_alone(statement: str, sentence: str) -> None:
    """The error is one sentence that names the setting and the table; the database stays as it was."""
    database = Database(parse_url("sqlite:///:memory:"))
    for part in statement.split(";"):
        execute(database, part)
    before = dump(database)
    with pytest.raises(DatabaseUrlError, match=sentence) as error:
        upgrade(database)
    assert str(error.value).startswith("dbURL: ")
    assert str(error.value).count(".") == 1
    assert dump(database) == before
    database.close()


@pytest.mark.unit
def test_tables_with_other_names_do_not_matter() -> None:
    """The product can share a database."""
    database = Database(parse_url("sqlite:///:memory:"))
    execute(database, "CREATE TABLE Customers (id INT)")
    assert upgrade(database)
    database.close()


@pytest.mark.integration
def test_a_second_migration_waits_and_gives_up(file_database: Database) -> None:
    """A process that hangs does not make others wait without limit."""
    second = Database(file_database.url)
    with exclusive(file_database):
        with pytest.raises(Unavailable) as error, exclusive(second, max_wait_seconds=0):
            pass
        assert "another process has been migrating" in str(error.value.__cause__)
    with exclusive(second, max_wait_seconds=0):
        pass
    second.close()


@pytest.mark.integration
def test_databases_of_one_server_are_migrated_independently(databases: Databases) -> None:
    """The server's locks have no database of their own."""
    with databases.empty() as url, databases.empty() as other_url:
        first, other = Database(url), Database(other_url)
        with exclusive(first), exclusive(other, max_wait_seconds=0):
            pass
        first.close()
        other.close()


@pytest.mark.integration
@pytest.mark.parametrize("engine", ["sqlite", "server"])
def test_processes_can_migrate_and_seed_at_the_same_time(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each succeeds, and one of them adds the books."""
    if engine == "sqlite":
        _migrate_three_times(f"sqlite:///{tmp_path}/bookstore.db", tmp_path)
        with closing(sqlite3.connect(tmp_path / "bookstore.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return
    with request.getfixturevalue("databases").empty() as url:
        _migrate_three_times(url.render_as_string(hide_password=False), tmp_path)


def _migrate_three_times(url: str, folder: Path) -> None:
    root = str(Path(__file__).resolve().parents[2])
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "database", "upgrade", "seed"],
            cwd=folder,
            env={"PYTHONPATH": root, "dbURL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    results = [process.communicate(timeout=PROCESS_TIMEOUT_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert sorted(output.splitlines()[1].startswith("Added") for output, _ in results) == [False, False, True]
