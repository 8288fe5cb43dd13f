"""`python -m database wait|upgrade|seed|accounts`: prepares the database in `dbURL`, in this order.

wait       wait for the server
upgrade    migrate the schema
seed       add the books that are missing
accounts   create an account for each service at MySQL or MariaDB, with the passwords in USERS_DB_PW and so on

`python -m database sql` prints the schema as SQL for MySQL and MariaDB, and `grants` prints the accounts of the
database that dbURL names, for an administrator who creates them by hand. Both need no server.
"""

import argparse
import sys
import time
from collections.abc import Collection, Mapping

from sqlalchemy.exc import DBAPIError

from database import accounts
from database.config import Config
from database.engine import Database, DatabaseUrlError, describe_failure
from database.migrate import as_sql, upgrade
from database.seed import seed
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.errors import Unavailable

COMMANDS = ("wait", "upgrade", "seed", "accounts")
PRINTING_COMMANDS = ("sql", "grants")
STARTUP_TIMEOUT_SECONDS = 120
"""Time limit of `wait`: a new server initialises its data folder first."""
POLL_INTERVAL_SECONDS = 0.2
UNUSABLE_DATABASE, BAD_SETTING = 1, 2
"""Exit statuses."""


def main(arguments: list[str] | None = None) -> int:
    """Run the commands of the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m database", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="+", choices=(*COMMANDS, *PRINTING_COMMANDS), metavar="command")
    options = parser.parse_args(arguments)
    printing = [command for command in options.commands if command in PRINTING_COMMANDS]
    if printing and len(options.commands) > 1:
        parser.error(f"{printing[0]} cannot be combined with other commands.")
    try:
        environ = read_environment()
        logs.configure("database", environ)
        if printing:
            print(as_sql() if "sql" in printing else accounts.as_sql(_database_name(environ)), end="")
            return 0
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    return run(options.commands, environ)


def run(commands: Collection[str], environ: Mapping[str, str]) -> int:
    """Wait for the database, migrate it and seed it, as far as `commands` say, and return the exit status."""
    try:
        config = Config.from_env(environ)
        service_accounts = accounts.read_accounts(environ, config.url) if "accounts" in commands else []
        database = config.open_for_migrations()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    try:
        _run(database, commands, service_accounts)
    except DatabaseUrlError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    except (DBAPIError, Unavailable) as error:
        print(describe_failure(database.url, error), file=sys.stderr)
        return UNUSABLE_DATABASE
    finally:
        database.close()
    return 0


def _database_name(environ: Mapping[str, str]) -> str:
    config = Config.from_env(environ)
    return "bookstore" if config.url.get_backend_name() == "sqlite" else str(config.url.database)


def _run(database: Database, commands: Collection[str], service_accounts: list[accounts.Account]) -> None:
    _wait(database, STARTUP_TIMEOUT_SECONDS if "wait" in commands else 0)
    if "upgrade" in commands:
        if not upgrade(database):
            print("The schema is newer than this version of the product; it is left unchanged.")
            return
        print("The schema is up to date.")
    if "seed" in commands:
        added = seed(database)
        print(f"Added {added} books." if added else "The catalogue is complete.")
    if "accounts" in commands and service_accounts:
        accounts.create_accounts(database, service_accounts)
        print(f"The accounts {', '.join(account.name for account in service_accounts)} are up to date.")


def _wait(database: Database, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return database.ping()
        except Unavailable:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_INTERVAL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
