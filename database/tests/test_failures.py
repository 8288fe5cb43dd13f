"""What errors of a server and of SQLite mean, and what their messages reveal."""

from collections.abc import Iterator

import mysql.connector
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from structlog.testing import capture_logs

from database.engine import Database
from database.mysql.connection import without_values
from database.tests.rows import add_user, count, execute
from mesh.errors import Unavailable

EMAIL = "ann@example.org"

on_server = pytest.mark.parametrize("engine", ["server"], indirect=True)


def failing_with(database: Database, number: int, message: str) -> None:
    """Let each new user fail with an error of the server."""
    execute(database, "DROP TRIGGER IF EXISTS broken")
    failing = f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = '{message}'"
    execute(database, f"CREATE TRIGGER broken BEFORE INSERT ON Users FOR EACH ROW {failing}")


def connection_ids(database: Database) -> tuple[int, ...]:
    """Return the server's ids of a connection for reading and one for writing."""
    statement = text("SELECT connection_id()")
    with database.read() as reader, database.write() as writer:
        return tuple(connection.execute(statement).scalar_one() for connection in (reader, writer))


def test_an_error_of_a_statement_contains_none_of_its_values(any_database: Database) -> None:
    """The message names the key, and the traceback has no other error with the email."""
    add_user(any_database, email=EMAIL)
    with pytest.raises(IntegrityError, match=r"Users[._]email") as refused:
        add_user(any_database, email=EMAIL)
    assert EMAIL not in str(refused.value)
    assert EMAIL not in str(refused.value.orig)
    assert refused.value.orig is not None
    assert refused.value.orig.__cause__ is None


@pytest.mark.unit
@pytest.mark.parametrize(
    ("number", "message", "expected"),
    [
        (1062, "Duplicate entry 'a' for key 'b@c' for key 'uq_email'", "ER_DUP_ENTRY for key 'uq_email'"),
        (1062, "Doppelter Eintrag 'a' bei 'b'", "ER_DUP_ENTRY"),
        (1366, "Incorrect integer value: 'secret' for column 'x'", "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"),
        (1064, "You have an error near 'secret'", "ER_PARSE_ERROR"),
        (9999, "secret", "error of the server"),
        (1406, "Data too long for column 'title' at row 1", "Data too long for column 'title' at row 1"),
        (2013, "Lost connection to MySQL server", "Lost connection to MySQL server"),
    ],
)  # fmt: skip
def test_only_messages_that_contain_names_alone_are_kept(number: int, message: str, expected: str) -> None:
    """Any other message may quote a value, so that its number and name are enough."""
    error = mysql.connector.DatabaseError(msg=message, errno=number, sqlstate="HY000")
    assert without_values(error).msg == expected


@pytest.mark.integration
@on_server
@pytest.mark.parametrize("number", [1290, 1792, 1836, 1047])
def test_a_server_that_accepts_no_changes_is_left(file_database: Database, number: int) -> None:
    """All connections are opened anew, so that the next ones reach the server that has taken over."""
    failing_with(file_database, number, "no changes here")
    before = connection_ids(file_database)
    with pytest.raises(Unavailable) as refused:
        add_user(file_database)
    assert refused.value.reason == "DATABASE_UNAVAILABLE"
    after = connection_ids(file_database)
    assert before[1] != after[1]
    assert (before[0] != after[0]) == (number != 1047)
    execute(file_database, "DROP TRIGGER broken")
    add_user(file_database)


@pytest.fixture
def full_database(any_database: Database) -> Iterator[Database]:
    """Return a database that has no space for another user."""
    if any_database.url.get_backend_name() != "sqlite":
        failing_with(any_database, 1114, "The table is full")
        yield any_database
        execute(any_database, "DROP TRIGGER IF EXISTS broken")
        return
    with any_database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    yield any_database


def add_many_users(database: Database) -> None:
    """Insert more users than the pages of the database have space for."""
    for _ in range(1000):
        add_user(database)


def make_space(database: Database) -> None:
    """End the shortage."""
    if database.url.get_backend_name() == "sqlite":
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    else:
        execute(database, "DROP TRIGGER broken")


def test_a_full_disk_is_logged_once_and_needs_no_restart(full_database: Database) -> None:
    """Changes fail with one reason, rows can be read, and the next commit reports that there is space again."""
    with capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(Unavailable) as refused:
                add_many_users(full_database)
            assert refused.value.reason == "DATABASE_FULL"
        users = count(full_database, "Users")
        make_space(full_database)
        add_user(full_database)
        add_user(full_database)
    events = [line["event"] for line in lines if "space" in line["event"]]
    assert events == ["no space left for the database", "the database has space again"]
    assert count(full_database, "Users") == users + 2


@pytest.mark.integration
@on_server
def test_other_errors_of_a_statement_pass(file_database: Database) -> None:
    """A missing table is a defect, for which a retry does not help."""
    with pytest.raises(DBAPIError, match="doesn't exist"):
        execute(file_database, "DELETE FROM NoTable")
