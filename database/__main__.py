"""`python -m database wait|upgrade|seed`: waits for the server, brings the schema up to date, and fills the shelves.

`python -m database sql` prints the schema as statements for MySQL and MariaDB, and needs no database.
"""

import argparse
import sys
import time

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import Database, describe_failure
from database.migrate import as_sql, upgrade
from database.seed import seed
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.errors import Unavailable

COMMANDS = ("wait", "upgrade", "seed", "sql")
PATIENCE = 120
"""Seconds that `wait` waits: a new server fills its data folder first."""


def main(arguments: list[str] | None = None) -> int:
    """Does what was asked for; the exit status is 2 for a bad setting, 1 when the database cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m database", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="+", choices=COMMANDS, metavar="|".join(COMMANDS))
    options = parser.parse_args(arguments)
    if "sql" in options.commands:
        if len(options.commands) > 1:
            parser.error("sql stands alone: it prints what a file is made of.")
        print(as_sql(), end="")
        return 0
    environ = read_environment()
    try:
        logs.configure("database", environ)
        database = Config.from_env(environ).open()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        _run(database, options.commands)
    except (DBAPIError, Unavailable) as error:
        print(describe_failure(database.url, error), file=sys.stderr)
        return 1
    finally:
        database.close()
    return 0


def _run(database: Database, commands: list[str]) -> None:
    _wait(database, PATIENCE if "wait" in commands else 0)
    if "upgrade" in commands:
        upgrade(database)
        print("The schema is up to date.")
    if "seed" in commands:
        added = seed(database)
        print(f"Added {added} books." if added else "The catalogue is complete.")


def _wait(database: Database, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return database.ping()
        except Unavailable:
            if time.monotonic() >= deadline:
                raise
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
