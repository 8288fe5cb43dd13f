"""Brings the schema up to date with Alembic."""

import io
from pathlib import Path

from alembic import command
from alembic.config import Config

from database.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"
HEADER = """\
-- The schema for MySQL 8 or later and for MariaDB, made by `python -m database sql`: never edited by hand.
-- Loads into an empty database: mysql NAME < database/init.sql; `python -m database seed` then fills the shelves.
SET NAMES utf8mb4;

"""


def upgrade(database: Database) -> None:
    """Applies the migrations that the database has not seen yet."""
    command.upgrade(_config(Config(attributes={"database": database})), "head")


def as_sql() -> str:
    """All migrations as statements for MySQL and MariaDB; a database that has run them is up to date for `upgrade`."""
    written = io.StringIO()
    command.upgrade(_config(Config(output_buffer=written)), "head", sql=True)
    return HEADER + written.getvalue().rstrip() + "\n"


def _config(config: Config) -> Config:
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
