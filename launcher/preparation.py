"""Prepares what the processes need: a secret, free ports and a database."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import describe_failure
from database.migrate import upgrade
from database.seed import seed
from mesh import env, logs
from mesh.errors import Unavailable
from mesh.ports import check_port
from registry.rest_ports import REST_PORTS, RestPort
from registry.services import services

SECRET = "JWT_SECRET_KEY"  # noqa: S105 - the name of the setting
FRONTEND_PORT = RestPort("frontend", "FRONTEND_PORT", 5173)


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


def check_ports(environ: Mapping[str, str]) -> None:
    """Check that every port is free.

    Raises:
        PortInUseError: one is in use.
        ConfigError: a setting is not a port.
    """
    addresses = {port.variable: _rest_address(environ, "GATEWAY_HOST", port) for port in REST_PORTS}
    addresses[FRONTEND_PORT.variable] = _rest_address(environ, "FRONTEND_HOST", FRONTEND_PORT)
    for entry in services():
        address = env.text(environ, entry.address_variable, f"127.0.0.1:{entry.default_port}")
        addresses[entry.address_variable] = _parse_address(entry.address_variable, address)
    for variable, (host, number) in addresses.items():
        check_port(host, number, variable)


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


def _rest_address(environ: Mapping[str, str], host_variable: str, port: RestPort) -> tuple[str, int]:
    host = env.text(environ, host_variable, "127.0.0.1")
    return host, env.integer(environ, port.variable, port.default, minimum=1, maximum=65535)


def _parse_address(variable: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        message = f"{variable} must look like 127.0.0.1:50051, not {text!r}."
        raise env.ConfigError(message)
    return host.strip("[]"), int(port)
