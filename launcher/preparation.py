"""Prepares what the processes need: a secret and a database."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import describe_failure
from database.migrate import upgrade
from database.seed import seed
from mesh import logs
from mesh.errors import Unavailable

SECRET = "JWT_SECRET_KEY"  # noqa: S105 - the name of the setting


log = logs.get("launcher")


class NotReadyError(Exception):
    """The processes cannot start; the message is one sentence with the reason."""


def ensure_secret(environ: Mapping[str, str], file: Path) -> bool:
    """Write a random secret into the `.env` file when none is set; return whether it was written."""
    if environ.get(SECRET, "").strip():
        return False
    before = file.read_text("utf-8") if file.exists() else ""
    kept = [line for line in before.splitlines() if not line.startswith(f"{SECRET}=")]
    file.touch()
    file.chmod(0o600)  # also a file that existed before, such as a copy of .env.example
    file.write_text("\n".join([*kept, f"{SECRET}={secrets.token_hex(32)}", ""]), "utf-8")
    return True


def prepare_database(environ: Mapping[str, str]) -> None:
    """Migrate the database to the current schema, and fill the catalogue.

    Raises:
        NotReadyError: the database cannot be used.
        ConfigError: a setting of the database is bad.
    """
    database = Config.from_env(environ).open_for_migrations()
    try:
        database.ping()
        if upgrade(database):
            seed(database)
        else:
            log.warning("the schema is newer than this version of the product and is left unchanged")
    except (DBAPIError, Unavailable) as error:
        raise NotReadyError(describe_failure(database.url, error)) from None
    finally:
        database.close()
