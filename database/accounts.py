"""The accounts of the services at a MySQL or MariaDB server: each reads and writes its own tables only.

Only the account that migrates may change the schema. Foreign keys to tables of other services need no privilege.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from database.engine import Database, DatabaseUrlError
from mesh import env

OWN_TABLES: Mapping[str, tuple[str, ...]] = {
    "users": ("Users", "RefreshTokens", "LoginFailures", "AccountLoginFailures"),
    "books": ("Books", "StockMovements"),
    "orders": ("Orders", "Outbox", "IdempotencyKeys", "PendingReturns"),
}
"""The tables of each service."""
SHARED_TABLES = ("alembic_version",)
"""Tables that every service may read."""
OWN_PRIVILEGES, SHARED_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE"), ("SELECT",)
MAX_NAME_LENGTH = 32
"""MySQL's limit for names of accounts."""
DATABASE_NAME_PATTERN = re.compile(r"[A-Za-z0-9_-]+")

Privilege = tuple[str, str]
"""A table and what may be done with it."""


@dataclass(frozen=True)
class Account:
    """An account of a service.

    Args:
        service: the service, such as `users`.
        database: the database in which it may use tables.
        password: its password.
    """

    service: str
    database: str
    password: str = field(repr=False)

    @property
    def name(self) -> str:
        """The account's name: that of the database comes first, so that two installations can share a server."""
        return f"{self.database}_{self.service}"

    @property
    def privileges(self) -> set[Privilege]:
        """What the account may do."""
        own = {(table, privilege) for table in OWN_TABLES[self.service] for privilege in OWN_PRIVILEGES}
        return own | {(table, privilege) for table in SHARED_TABLES for privilege in SHARED_PRIVILEGES}

    def grants(self) -> Iterator[str]:
        """Yield the statements that give the account its privileges."""
        for tables, privileges in ((OWN_TABLES[self.service], OWN_PRIVILEGES), (SHARED_TABLES, SHARED_PRIVILEGES)):
            for table in tables:
                yield f"GRANT {', '.join(privileges)} ON `{self.database}`.`{table}` TO `{self.name}`@`%`"


def read_accounts(environ: Mapping[str, str], url: URL) -> list[Account]:
    """Return the accounts with the passwords in `USERS_DB_PW`, `BOOKS_DB_PW` and so on.

    There are none on SQLite, and with `DB_SHARED_ACCOUNT` none but the one in the URL.

    Raises:
        ConfigError: a password is not set, or used twice, or the database's name cannot be part of an account's name.
    """
    if url.get_backend_name() == "sqlite" or env.flag(environ, "DB_SHARED_ACCOUNT", default=False):
        return []
    database = str(url.database)
    longest_name = max(len(Account(service, database, "").name) for service in OWN_TABLES)
    if not DATABASE_NAME_PATTERN.fullmatch(database) or longest_name > MAX_NAME_LENGTH:
        raise DatabaseUrlError("dbURL: the services' accounts need a database with a short name of letters and digits.")
    accounts = [Account(service, database, env.text(environ, f"{service.upper()}_DB_PW")) for service in OWN_TABLES]
    used = {str(url.password)}
    for account in accounts:
        if account.password in used:
            message = f"{account.service.upper()}_DB_PW must differ from the passwords of all other database accounts."
            raise env.ConfigError(message)
        used.add(account.password)
    return accounts


def create_accounts(database: Database, accounts: list[Account]) -> None:
    """Create the accounts, or set the passwords and privileges of accounts that exist; connections stay open.

    Raises:
        DBAPIError: the connection's account may not create accounts.
    """
    with database.read() as connection:
        for account in accounts:
            user = f"`{account.name}`@`%`"
            for action in ("CREATE USER IF NOT EXISTS", "ALTER USER"):
                connection.execute(text(f"{action} {user} IDENTIFIED BY :password"), {"password": account.password})
            _execute(connection, *account.grants())
            if _privileges(connection, account) != account.privileges:  # an operator, or an earlier version, gave more
                _execute(connection, f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user}", *account.grants())


def as_sql(database: str) -> str:
    """Return the statements for an administrator who creates the accounts by hand and chooses the passwords."""
    lines = ["-- Accounts of the services, for after `python -m database upgrade`. Choose a password for each."]
    for service in OWN_TABLES:
        account = Account(service, database, "")
        lines += ["", f"CREATE USER IF NOT EXISTS `{account.name}`@`%` IDENTIFIED BY '';"]
        lines += [f"{grant};" for grant in account.grants()]
    return "\n".join(lines) + "\n"


def _execute(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


def _privileges(connection: Connection, account: Account) -> set[Privilege]:
    """Return what an account may do; a privilege that does not belong to one table has the name of no table."""
    query = """
        SELECT table_name, privilege_type FROM information_schema.table_privileges
        WHERE grantee = :grantee AND table_schema = :database
        UNION SELECT '', privilege_type FROM information_schema.table_privileges
        WHERE grantee = :grantee AND table_schema <> :database
        UNION SELECT '', privilege_type FROM information_schema.schema_privileges WHERE grantee = :grantee
        UNION SELECT '', privilege_type FROM information_schema.column_privileges WHERE grantee = :grantee
        UNION SELECT '', privilege_type FROM information_schema.user_privileges
        WHERE grantee = :grantee AND privilege_type <> 'USAGE'
    """
    values = {"grantee": f"'{account.name}'@'%'", "database": account.database}
    return {(row[0], row[1]) for row in connection.execute(text(query), values)}
