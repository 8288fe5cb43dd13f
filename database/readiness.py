"""Checks whether a database can be used: its schema is new enough, and its server accepts changes."""

import functools
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from mesh.errors import Unavailable

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
SELECT_REVISION = text("SELECT max(version_num) FROM alembic_version")
MISSING_TABLE = 1146


@functools.cache
def needed_revision() -> str:
    """Return the revision of the newest migration: their files are named after their revisions, which are numbers."""
    return max(file.stem.partition("_")[0] for file in MIGRATIONS.glob("[0-9]*.py"))


def check_schema(connection: Connection) -> None:
    """Check that the schema has at least the revision that this version needs.

    Raises:
        Unavailable: it is older, or there are no tables.
    """
    revision = _read_revision(connection)
    if revision < needed_revision():
        found = f"is at revision {revision}" if revision else "has no tables"
        message = (
            f"The database {found}, and this version needs revision {needed_revision()}:"
            " run `python -m database upgrade`."
        )
        raise Unavailable(message, "DATABASE_SCHEMA_OUTDATED")


def check_writable(connection: Connection) -> None:
    """Check that a server of MySQL or MariaDB accepts changes of this account.

    Raises:
        Unavailable: it does not, as after it was replaced by another server.
    """
    connection.exec_driver_sql("START TRANSACTION READ WRITE")  # a read-only server refuses it with 1290
    connection.exec_driver_sql("ROLLBACK")


def _read_revision(connection: Connection) -> str:
    """Return the revision of the schema; empty if there is none."""
    try:
        return str(connection.execute(SELECT_REVISION).scalar_one() or "")
    except (OperationalError, ProgrammingError) as error:
        is_missing = getattr(error.orig, "errno", None) == MISSING_TABLE or "no such table" in str(error.orig)
        if not is_missing:
            raise
        return ""
