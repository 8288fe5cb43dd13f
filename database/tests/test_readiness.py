"""A service is ready when its database responds, accepts changes and has a schema that is new enough."""

import pytest
from sqlalchemy import text

from database.engine import Database, parse_url
from database.readiness import needed_revision
from database.tests.rows import execute
from mesh.errors import Unavailable
from tests.servers.databases import Databases

SENTENCE = "and this version needs revision {}: run `python -m database upgrade`."


def not_ready(database: Database) -> str:
    """Return the sentence that says why the database is not ready."""
    with pytest.raises(Unavailable) as refused:
        database.check_ready()
    return str(refused.value)


def test_an_older_schema_is_not_ready_and_a_newer_one_is(any_database: Database) -> None:
    """A newer version adds to the schema only, so that an older process keeps working."""
    any_database.check_ready()
    execute(any_database, "UPDATE alembic_version SET version_num = '0001'")
    assert not_ready(any_database) == f"The database is at revision 0001, {SENTENCE.format(needed_revision())}"
    execute(any_database, "UPDATE alembic_version SET version_num = '9999'")
    any_database.check_ready()


@pytest.mark.unit
def test_a_database_without_tables_is_not_ready() -> None:
    """It responds, and one sentence says what to do."""
    database = Database(parse_url("sqlite:///:memory:"))
    database.ping()
    assert not_ready(database) == f"The database has no tables, {SENTENCE.format(needed_revision())}"
    database.close()


@pytest.mark.integration
def test_an_account_that_may_not_write_is_not_ready(databases: Databases) -> None:
    """START TRANSACTION READ WRITE asks the server, which knows the privileges of the account."""
    with databases.migrated(seeded=False) as url:
        admin = Database(url)
        database = Database(url.set(username="reader", password="reader's"))
        with admin.read() as connection:
            for statement in (
                "CREATE USER reader@'%' IDENTIFIED BY 'reader''s'",
                f"GRANT SELECT ON {url.database}.* TO reader@'%'",
                "SET @read_only = @@GLOBAL.read_only",
                "SET GLOBAL read_only = 1",
            ):
                connection.execute(text(statement))
            try:
                assert not_ready(database) == "The database cannot be reached."
                database.ping()
            finally:
                for statement in ("SET GLOBAL read_only = @read_only", "DROP USER reader@'%'"):
                    connection.execute(text(statement))
        admin.close()
        database.close()
