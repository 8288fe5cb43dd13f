"""The migrations make exactly the tables that the services' models describe."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import ForeignKeyConstraint, MetaData, UniqueConstraint, inspect

from database.engine import Database, parse_url
from database.migrate import MIGRATIONS, as_sql, upgrade
from database.seed import seed
from tests.servers.databases import Databases


def migrate(database: Database, revision: str) -> None:
    """Goes down to a revision."""
    config = Config(attributes={"database": database})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.downgrade(config, revision)


def test_the_migrations_make_the_models_tables(any_database: Database, all_tables: MetaData) -> None:
    """Alembic finds no difference in tables, columns, types, indexes, unique and foreign keys."""
    with any_database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables) == []


def test_keys_and_columns_are_the_models_by_name_too(any_database: Database, all_tables: MetaData) -> None:
    """What autogenerate does not look at: nullability, checks, primary keys, and what a foreign key refers to."""
    with any_database.read() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*all_tables.tables, "alembic_version"}
        for name, table in all_tables.tables.items():
            columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}, name
            primary = found.get_pk_constraint(name)["constrained_columns"]
            assert primary == [column.name for column in table.primary_key], name
            unique = {tuple(each["column_names"]): each["name"] for each in found.get_unique_constraints(name)}
            constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
            assert unique == {tuple(c.name for c in each.columns): each.name for each in constraints}, name
            keys = {tuple(each["constrained_columns"]): each["referred_table"] for each in found.get_foreign_keys(name)}
            references = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
            assert keys == {tuple(each.column_keys): each.referred_table.name for each in references}, name


def test_every_stock_is_checked(any_database: Database) -> None:
    """The check that no stock falls below zero is part of the schema."""
    with any_database.read() as connection:
        assert [check["name"] for check in inspect(connection).get_check_constraints("Books")] == ["ck_Books_quantity"]


def test_the_contracts_columns_keep_their_types(any_database: Database) -> None:
    """Tables, columns and types that clients may rely on are as the REST contract says."""
    promised = {
        "Users": "user_id INTEGER, username VARCHAR(50), email VARCHAR(100), password_hash TEXT, created_at DATETIME",
        "Books": "book_id INTEGER, title VARCHAR(255), description TEXT, ISBN VARCHAR(20), authors TEXT,"
        " publishers VARCHAR(255), format VARCHAR(50), genre VARCHAR(50), price DECIMAL(10, 2), quantity INTEGER,"
        " url TEXT",
        "Orders": "order_id INTEGER, book_id INTEGER, user_id INTEGER, price DECIMAL(10, 2), quantity INTEGER,"
        " status VARCHAR(20), title VARCHAR(255), authors TEXT, url TEXT, order_date DATETIME",
    }
    with any_database.read() as connection:
        for table, columns in promised.items():
            found = [f"{column['name']} {column['type']}" for column in inspect(connection).get_columns(table)]
            assert ", ".join(found).replace(" COLLATE utf8mb4_bin", "").startswith(columns)


@pytest.mark.unit
def test_upgrading_again_changes_nothing(seeded_database: Database) -> None:
    """Every start may upgrade: a schema that is up to date stays, with its rows."""
    upgrade(seeded_database)
    with seeded_database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM Books").scalar_one() >= 60


def test_going_down_and_up_again_works(any_database: Database) -> None:
    """A downgrade leaves no table behind, and does not stand in the way of the next upgrade."""
    migrate(any_database, "base")
    with any_database.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade(any_database)
    with any_database.read() as connection:
        assert "Outbox" in inspect(connection).get_table_names()


@pytest.mark.unit
def test_a_failed_migration_leaves_nothing_half_done() -> None:
    """Tables that stand in the way fail the whole migration, not its second half."""
    database = Database(parse_url("sqlite:///:memory:"))
    with database.write() as transaction:
        transaction.exec_driver_sql("CREATE TABLE Outbox (x INT)")
        transaction.commit()
    with pytest.raises(Exception, match="already exists"):
        upgrade(database)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["Outbox"]
    database.close()


@pytest.mark.unit
def test_init_sql_is_what_the_migrations_make() -> None:
    """The file for those who load the schema by hand does not drift: `python -m database sql > database/init.sql`."""
    assert (Path(MIGRATIONS).parent / "init.sql").read_text("utf-8") == as_sql()


def definitions(database: Database) -> dict[str, list[str]]:
    """Each table of a server as the server itself describes it, whatever the order of its keys."""
    with database.read() as connection:
        names = inspect(connection).get_table_names()
        shown = {name: connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()[1] for name in names}
    return {name: sorted(line.rstrip(",") for line in definition.splitlines()) for name, definition in shown.items()}


@pytest.mark.integration
def test_init_sql_loads_into_an_empty_server(databases: Databases) -> None:
    """It makes the same tables as the migrations, an upgrade afterwards has nothing to do, and the shelves fill."""
    with databases.empty() as url, databases.empty() as other:
        loaded, migrated = Database(url), Database(other)
        upgrade(migrated)
        with loaded.write() as transaction:
            for statement in as_sql().split(";\n"):
                if statement.strip():
                    transaction.exec_driver_sql(statement.replace("%", "%%"))
            transaction.commit()
        before = definitions(loaded)
        assert before == definitions(migrated)
        upgrade(loaded)
        assert definitions(loaded) == before
        with loaded.read() as connection:
            heads = MigrationContext.configure(connection).get_current_heads()
        with migrated.read() as connection:
            assert heads == MigrationContext.configure(connection).get_current_heads()
        assert seed(loaded) >= 60
        loaded.close()
        migrated.close()
