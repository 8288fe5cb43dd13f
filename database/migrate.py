"""Brings the schema up to date with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from database.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Applies the migrations that the database has not seen yet."""
    config = Config(attributes={"database": database})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")
