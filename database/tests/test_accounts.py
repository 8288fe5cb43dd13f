"""Each service can use its own tables, and nothing else of the server."""

from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from database.__main__ import main, run
from database.accounts import OWN_TABLES, as_sql, create_accounts, read_accounts
from database.base import Base
from database.engine import Database, parse_url
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.env import ConfigError
from tests.servers.databases import Databases

PASSWORDS = {"USERS_DB_PW": r"a pass'word\ of users", "BOOKS_DB_PW": "books: 100%s", "ORDERS_DB_PW": 'or"ders'}
SERVER_URL = parse_url("mysql+mysqlconnector://root:secret@db/shop")
DENIED = 1142
"""MySQL's error number of a statement that the account may not run on a table."""


@pytest.fixture(scope="module")
def server(databases: Databases) -> Iterator[URL]:
    """URL of a migrated database with accounts, for its administrator."""
    with databases.migrated(seeded=False) as url:
        assert run(["accounts"], {**PASSWORDS, "dbURL": url.render_as_string(hide_password=False)}) == 0
        yield url
        database = Database(url)
        with database.read() as connection:
            for service in OWN_TABLES:
                connection.execute(text(f"DROP USER `{url.database}_{service}`@`%`"))
        database.close()


@pytest.fixture(scope="module")
def services(server: URL) -> Iterator[Mapping[str, Database]]:
    """The database as each service sees it."""
    accounts = read_accounts(PASSWORDS, server)
    services = {each.service: Database(server.set(username=each.name, password=each.password)) for each in accounts}
    yield services
    for database in services.values():
        database.close()


@pytest.mark.unit
def test_every_table_belongs_to_the_service_that_defines_it(all_tables: MetaData) -> None:
    """A new table needs an entry, or its service cannot use it on a server."""
    defined = {name: set[str]() for name in OWN_TABLES}
    for mapper in Base.registry.mappers:
        service = mapper.class_.__module__.partition(".")[0].removeprefix("svc_")
        defined.setdefault(service, set()).add(str(mapper.class_.__tablename__))
    assert {name: set(tables) for name, tables in OWN_TABLES.items()} == defined
    assert set().union(*defined.values()) == set(all_tables.tables)


@pytest.mark.integration
def test_each_service_uses_its_own_tables(services: Mapping[str, Database]) -> None:
    """It reads and writes them; a reference to another service's row needs no privilege."""
    user, book = add_user(services["users"]), add_book(services["books"])
    order = add_order(services["orders"], user, book)
    movement = "INSERT INTO StockMovements (order_id, book_id, quantity, outcome) VALUES (:order, :book, 1, 'applied')"
    execute(services["books"], movement, order=order, book=book)
    for name, tables in OWN_TABLES.items():
        for table in tables:
            column = {"Users": "username", "Books": "title"}.get(table)
            if column:
                execute(services[name], f"UPDATE {table} SET {column} = 'new'")  # noqa: S608 - our names
            assert count(services[name], table) >= 0
            execute(services[name], f"DELETE FROM {table} WHERE 1 = 0")  # noqa: S608 - our names
        assert count(services[name], "alembic_version") == 1


@pytest.mark.integration
@pytest.mark.parametrize("name", OWN_TABLES)
def test_no_service_can_do_anything_else(services: Mapping[str, Database], name: str) -> None:
    """It can neither read nor write other tables, nor change the schema or the accounts."""
    others = [table for other, tables in OWN_TABLES.items() if other != name for table in tables]
    statements = [
        *(f"SELECT * FROM {table}" for table in (*others, "mysql.user")),  # noqa: S608 - our names
        *(f"DELETE FROM {table}" for table in (*others, "alembic_version")),  # noqa: S608 - our names
        "CREATE TABLE mine (id INT)",
        *(f"{action} {OWN_TABLES[name][0]}" for action in ("DROP TABLE", "TRUNCATE", "CREATE INDEX i ON")),
        f"ALTER TABLE {OWN_TABLES[name][0]} ADD COLUMN mine INT",
    ]
    for statement in statements:
        suffix = " (mine)" if "INDEX" in statement else ""
        with pytest.raises(DBAPIError) as error:
            execute(services[name], statement + suffix)
        assert getattr(error.value.orig, "errno", None) == DENIED, statement
    with pytest.raises(DBAPIError, match="denied"):
        execute(services[name], "CREATE USER another")


@pytest.mark.integration
def test_creating_the_accounts_again_removes_what_was_added(
    server: URL, services: Mapping[str, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    """A new password is set, further privileges end, and connections that exist stay usable."""
    administrator = Database(server)
    with administrator.read() as connection:
        connection.execute(text(f"GRANT SELECT ON {server.database}.* TO `{server.database}_books`@`%`"))
    with services["books"].read() as before:
        environ = {**PASSWORDS, "BOOKS_DB_PW": "new", "dbURL": server.render_as_string(hide_password=False)}
        assert run(["accounts"], environ) == 0
        before.execute(text("SELECT * FROM Books"))
        with pytest.raises(DBAPIError):
            before.execute(text("SELECT * FROM Users"))
    changed = Database(server.set(username=f"{server.database}_books", password="new"))
    assert count(changed, "Books") >= 0
    create_accounts(administrator, read_accounts(PASSWORDS, server))
    for database in (changed, administrator):
        database.close()
    names = ", ".join(f"{server.database}_{service}" for service in OWN_TABLES)
    assert capsys.readouterr().out == f"The accounts {names} are up to date.\n"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"BOOKS_DB_PW": ""}, "BOOKS_DB_PW is not set."),
        ({"BOOKS_DB_PW": "secret"}, "BOOKS_DB_PW must differ from the passwords of all other database accounts."),
        (
            {"ORDERS_DB_PW": PASSWORDS["BOOKS_DB_PW"]},
            "ORDERS_DB_PW must differ from the passwords of all other database accounts.",
        ),
    ],
)
def test_each_account_needs_a_password_of_its_own(changes: dict[str, str], sentence: str) -> None:
    """Otherwise one service could use the account of another one, or the administrator's."""
    with pytest.raises(ConfigError) as error:
        read_accounts({**PASSWORDS, **changes}, SERVER_URL)
    assert str(error.value) == sentence


@pytest.mark.unit
@pytest.mark.parametrize("name", ["shop`; DROP DATABASE x", "a" * 30, ""])
def test_the_name_of_the_database_is_part_of_the_accounts_names(name: str) -> None:
    """A name that cannot be is one sentence."""
    with pytest.raises(ConfigError, match=r"dbURL: the services' accounts need a database with a short name"):
        read_accounts(PASSWORDS, SERVER_URL.set(database=name))


@pytest.mark.unit
def test_services_can_share_an_account() -> None:
    """The account in dbURL then needs no right to create others, and no passwords are read."""
    assert read_accounts({"DB_SHARED_ACCOUNT": "true"}, SERVER_URL) == []


@pytest.mark.unit
def test_sqlite_needs_no_accounts(seeded_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """The command does nothing there."""
    assert run(["accounts"], {"dbURL": "sqlite:///:memory:"}) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.integration
def test_an_administrator_can_create_the_accounts_by_hand(databases: Databases) -> None:
    """The printed statements give the same privileges."""
    with databases.migrated(seeded=False) as url:
        database = Database(url)
        with database.read() as connection:
            for statement in as_sql(str(url.database)).partition("\n")[2].split(";\n"):
                if statement.strip():
                    connection.execute(text(statement.replace("IDENTIFIED BY ''", "IDENTIFIED BY 'by hand'")))
        books = Database(url.set(username=f"{url.database}_books", password="by hand"))
        assert count(books, "Books") == 0
        with pytest.raises(DBAPIError):
            count(books, "Users")
        books.close()
        with database.read() as connection:
            for service in OWN_TABLES:
                connection.execute(text(f"DROP USER `{url.database}_{service}`@`%`"))
        database.close()


@pytest.mark.unit
def test_the_printed_statements_contain_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They need neither a server nor the passwords."""
    monkeypatch.setenv("dbURL", "mysql+mysqlconnector://root:hunter2@db/shop")
    assert main(["grants"]) == 0
    output = capsys.readouterr().out
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`Books` TO `shop_books`@`%`;" in output
    assert "hunter2" not in output
