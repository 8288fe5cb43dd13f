"""The steps of migrations. Each checks the schema first, so that a migration that was interrupted can run again.

MySQL and MariaDB commit every DDL statement at once: what a migration did before it was killed stays. When the next
run begins the same migration again, its first steps have nothing to do. As SQL (`python -m database sql`), every step
is printed, because that SQL is for an empty database.
"""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from database.base import TABLE_OPTIONS
from database.engine import DatabaseUrlError


def create_table(name: str, *elements: SchemaItem) -> None:
    """Create a table with the options of all tables.

    Raises:
        DatabaseUrlError: there is a table of this name without these columns.
    """
    columns = {element.name for element in elements if isinstance(element, sa.Column)}
    if not _is_printed() and sa.inspect(op.get_bind()).has_table(name):
        if not columns <= _columns(name):
            raise _foreign(name)
        return
    op.create_table(name, *elements, **TABLE_OPTIONS)


def drop_table(name: str) -> None:
    """Drop a table."""
    op.drop_table(name, if_exists=True)


def add_column(table: str, column: "sa.Column[object]") -> None:
    """Add a column to a table."""
    if _is_printed() or column.name not in _columns(table):
        op.add_column(table, column)


def drop_column(table: str, name: str) -> None:
    """Drop a column of a table."""
    if _is_printed() or name in _columns(table):
        op.drop_column(table, name)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False) -> None:
    """Create an index.

    Raises:
        DatabaseUrlError: the table has an index of this name on other columns.
    """
    existing = None if _is_printed() else _indexes(table).get(name)
    if existing is None:
        op.create_index(name, table, columns, unique=unique)
    elif existing != columns:
        raise _foreign(table)


def drop_index(name: str, table: str) -> None:
    """Drop an index."""
    if _is_printed() or name in _indexes(table):
        op.drop_index(name, table)


def never_reuse_ids(table: str, column: str) -> None:
    """Rebuild a table of SQLite with AUTOINCREMENT; MySQL and MariaDB never assign the id of a deleted row again.

    The rows, the columns that others have added, the indexes, the triggers, the constraints and the references of
    other tables stay. See https://www.sqlite.org/lang_altertable.html#otheralter; the connection does not enforce
    foreign keys.

    Raises:
        DatabaseUrlError: another program has created the table.
    """
    if _is_printed() or op.get_bind().dialect.name != "sqlite":
        return
    connection = op.get_bind()
    schema = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type IN :types AND sql IS NOT NULL")
    schema = schema.bindparams(sa.bindparam("types", expanding=True))
    definition = str(connection.execute(schema, {"table": table, "types": ["table"]}).scalar_one())
    if "AUTOINCREMENT" in definition:
        return
    parts = connection.execute(schema, {"table": table, "types": ["index", "trigger"]}).scalars().all()
    statements = [
        "PRAGMA legacy_alter_table = ON",  # without it, the new name would be checked in every trigger and view
        _with_autoincrement(definition, table, column),
        f'INSERT INTO "{table}_new" SELECT * FROM "{table}"',  # noqa: S608 - our names
        f'DROP TABLE "{table}"',
        f'ALTER TABLE "{table}_new" RENAME TO "{table}"',
        *parts,
        "PRAGMA legacy_alter_table = OFF",
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _with_autoincrement(definition: str, table: str, column: str) -> str:
    for pattern, replacement in (
        (rf'^CREATE TABLE "?{table}"?', f'CREATE TABLE "{table}_new"'),
        (rf"\b{column} INTEGER NOT NULL\b", f"{column} INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"),
        (rf',\s*CONSTRAINT "?pk_{table}"? PRIMARY KEY \({column}\)', ""),
    ):
        definition, count = re.subn(pattern, replacement, definition)
        if count != 1:
            raise _foreign(table)
    return definition


def _is_printed() -> bool:
    return bool(op.get_context().as_sql)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _indexes(table: str) -> dict[str | None, list[str | None]]:
    return {index["name"]: index["column_names"] for index in sa.inspect(op.get_bind()).get_indexes(table)}


def _foreign(table: str) -> DatabaseUrlError:
    return DatabaseUrlError(f"dbURL: the table {table} was created by another program; use a database of its own.")
