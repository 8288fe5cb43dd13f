"""`python -m database wait|upgrade|seed`: waits for the server, migrates the schema, and adds the books.

`python -m database sql` prints the schema as SQL for MySQL and MariaDB; it needs no database.
"""

import argparse
import sys
import time
from collections.abc import Collection, Mapping

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import Database, DatabaseUrlError, describe_failure
from database.migrate import as_sql, upgrade
from database.seed import seed
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.errors import Unavailable

COMMANDS = ("wait", "upgrade", "seed", "sql")
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
    parser.add_argument("commands", nargs="+", choices=COMMANDS, metavar="|".join(COMMANDS))
    options = parser.parse_args(arguments)
    if "sql" in options.commands:
        if len(options.commands) > 1:
            parser.error("sql cannot be combined with other commands.")
        print(as_sql(), end="")
        return 0
    try:
        environ = read_environment()
        logs.configure("database", environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    return run(options.commands, environ)


def run(commands: Collection[str], environ: Mapping[str, str]) -> int:
    """Wait for the database, migrate it and seed it, as far as `commands` say, and return the exit status."""
    try:
        database = Config.from_env(environ).open_for_migrations()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    try:
        _run(database, commands)
    except DatabaseUrlError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    except (DBAPIError, Unavailable) as error:
        print(describe_failure(database.url, error), file=sys.stderr)
        return UNUSABLE_DATABASE
    finally:
        database.close()
    return 0


def _run(database: Database, commands: Collection[str]) -> None:
    _wait(database, STARTUP_TIMEOUT_SECONDS if "wait" in commands else 0)
    if "upgrade" in commands:
        if not upgrade(database):
            print("The schema is newer than this version of the product; it is left unchanged.")
            return
        print("The schema is up to date.")
    if "seed" in commands:
        added = seed(database)
        print(f"Added {added} books." if added else "The catalogue is complete.")


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
