"""Prepares what the processes need: a secret and a database."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import describe_failure
from database.migrate import upgrade
from database.seed import seed
from database.sqlite import is_in_memory
from mesh import logs
from mesh.errors import Unavailable
from mesh.files import replace_private_file

SECRET = "JWT_SECRET_KEY"  # noqa: S105 - the name of the setting


log = logs.get("launcher")


class NotReadyError(Exception):
    """The processes cannot start; the message is one sentence with the reason."""


def ensure_secret(environ: Mapping[str, str], file: Path) -> bool:
    """Write a random secret into the `.env` file when none is set; return whether it was written.

    Raises:
        NotReadyError: none is set, and the file cannot be written.
    """
    if environ.get(SECRET, "").strip():
        return False
    try:
        before = file.read_text("utf-8-sig") if file.exists() else ""
        kept = [line for line in before.splitlines() if not line.startswith(f"{SECRET}=")]
        replace_private_file(file, "\n".join([*kept, f"{SECRET}={secrets.token_hex(32)}", ""]))
    except OSError as error:
        message = (
            f"{SECRET} is not set, and {file} cannot be written ({error.strerror}): "
            f"set {SECRET} to the output of `openssl rand -hex 32`."
        )
        raise NotReadyError(message) from None
    return True


def prepare_database(environ: Mapping[str, str]) -> None:
    """Migrate the database to the current schema, and fill the catalogue.

    Raises:
        NotReadyError: the database cannot be used.
        ConfigError: a setting of the database is bad.
    """
    config = Config.from_env(environ)
    if is_in_memory(config.url):
        raise NotReadyError("dbURL names a database in memory, which processes cannot share: name a file.")
    database = config.open_for_migrations()
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
