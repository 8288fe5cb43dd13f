"""`python -m database upgrade|seed`: brings the schema up to date, and fills the shelves."""

import argparse
import sys

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import Database
from database.migrate import upgrade
from database.seed import seed
from mesh.env import ConfigError, read_environment


def main(arguments: list[str] | None = None) -> int:
    """Does what was asked for; the exit status is 2 for a bad setting, 1 when the database cannot be reached."""
    parser = argparse.ArgumentParser(prog="python -m database", description=__doc__)
    parser.add_argument("commands", nargs="+", choices=("upgrade", "seed"), metavar="upgrade|seed")
    options = parser.parse_args(arguments)
    try:
        database = Database(Config.from_env(read_environment()).url)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        _run(database, options.commands)
    except DBAPIError as error:
        shown = database.url.render_as_string(hide_password=True)
        print(f"The database {shown} cannot be used: {error.orig}.", file=sys.stderr)
        return 1
    finally:
        database.close()
    return 0


def _run(database: Database, commands: list[str]) -> None:
    database.ping()
    if "upgrade" in commands:
        upgrade(database)
        print("The schema is up to date.")
    if "seed" in commands:
        added = seed(database)
        print(f"Added {added} books." if added else "The catalogue is complete.")


if __name__ == "__main__":
    sys.exit(main())
