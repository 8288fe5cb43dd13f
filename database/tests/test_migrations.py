"""The migrations create exactly the tables that the services define."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import ForeignKeyConstraint, MetaData, UniqueConstraint, inspect

from database.engine import Database
from database.locks import exclusive
from database.migrate import MIGRATIONS, as_sql, upgrade
from database.seed import seed
from tests.servers.databases import Databases


def downgrade(database: Database, revision: str) -> None:
    """Downgrade to a revision."""
    with exclusive(database) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, revision)
        connection.commit()


def test_the_migrations_create_the_tables_of_the_services(any_database: Database, all_tables: MetaData) -> None:
    """Alembic finds no difference in tables, columns, types, indexes, unique and foreign keys."""
    with any_database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables) == []


def test_keys_and_columns_have_the_same_names_as_in_the_services(any_database: Database, all_tables: MetaData) -> None:
    """Nullability, names, primary keys and the tables of foreign keys, which autogenerate ignores, are the same."""
    with any_database.read() as connection:
        schema = inspect(connection)
        assert set(schema.get_table_names()) == {*all_tables.tables, "alembic_version"}
        for name, table in all_tables.tables.items():
            columns = {column["name"]: column["nullable"] for column in schema.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}, name
            primary = schema.get_pk_constraint(name)["constrained_columns"]
            assert primary == [column.name for column in table.primary_key], name
            unique = {tuple(each["column_names"]): each["name"] for each in schema.get_unique_constraints(name)}
            constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
            assert unique == {tuple(c.name for c in each.columns): each.name for each in constraints}, name
            keys = {
                tuple(each["constrained_columns"]): each["referred_table"] for each in schema.get_foreign_keys(name)
            }
            references = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
            assert keys == {tuple(each.column_keys): each.referred_table.name for each in references}, name


def test_the_schema_checks_the_stock(any_database: Database) -> None:
    """A check constraint keeps the stock from falling below zero."""
    with any_database.read() as connection:
        assert [check["name"] for check in inspect(connection).get_check_constraints("Books")] == ["ck_Books_quantity"]


def test_the_contracts_columns_keep_their_types(any_database: Database) -> None:
    """Tables, columns and types are as the REST contract promises to clients."""
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
            actual = [f"{column['name']} {column['type']}" for column in inspect(connection).get_columns(table)]
            assert ", ".join(actual).replace(" COLLATE utf8mb4_bin", "").startswith(columns)


@pytest.mark.unit
def test_upgrading_again_changes_nothing(seeded_database: Database) -> None:
    """A start may always upgrade: an up-to-date schema keeps its tables and rows."""
    upgrade(seeded_database)
    with seeded_database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM Books").scalar_one() >= 60


def test_downgrading_and_upgrading_again_works(any_database: Database) -> None:
    """A downgrade removes every table, so that the next upgrade succeeds."""
    downgrade(any_database, "base")
    with any_database.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade(any_database)
    with any_database.read() as connection:
        assert "Outbox" in inspect(connection).get_table_names()


@pytest.mark.unit
def test_init_sql_is_up_to_date() -> None:
    """The file equals the SQL of the migrations: `python -m database sql > database/init.sql` updates it."""
    assert (Path(MIGRATIONS).parent / "init.sql").read_text("utf-8") == as_sql()


def definitions(database: Database) -> dict[str, list[str]]:
    """Return the definition of each table by SHOW CREATE TABLE, as sorted lines: the order of keys differs."""
    with database.read() as connection:
        names = inspect(connection).get_table_names()
        statements = {name: connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()[1] for name in names}
    return {
        name: sorted(line.rstrip(",") for line in definition.splitlines()) for name, definition in statements.items()
    }


@pytest.mark.integration
def test_init_sql_loads_into_an_empty_server(databases: Databases) -> None:
    """It creates the same tables as the migrations, a later upgrade has nothing to do, and the seed works."""
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
