"""What has to be true before the processes start: a secret, free ports, a database."""

import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from database.config import Config
from database.engine import describe_failure
from database.migrate import upgrade
from database.seed import seed
from mesh import env
from mesh.errors import Unavailable

SECRET = "JWT_SECRET_KEY"  # noqa: S105 - the name of the setting
GATEWAY_PORTS = {
    "USERS_PORT": 5001,
    "BOOKS_PORT": 5002,
    "ORDERS_PORT": 5003,
    "PLACE_ORDER_PORT": 5004,
    "DISPLAY_ORDERS_PORT": 5005,
}
PORTS = {**GATEWAY_PORTS, "FRONTEND_PORT": 5173}
ADDRESSES = {"USERS_ADDRESS": 50051, "BOOKS_ADDRESS": 50052, "ORDERS_ADDRESS": 50053}


class NotReadyError(Exception):
    """The processes cannot start; the message is one sentence that says why."""


def ensure_secret(environ: Mapping[str, str], file: Path) -> bool:
    """Writes a random secret into the `.env` file when none is set; answers whether it did."""
    if environ.get(SECRET, "").strip():
        return False
    before = file.read_text("utf-8") if file.exists() else ""
    kept = [line for line in before.splitlines() if not line.startswith(f"{SECRET}=")]
    file.touch()
    file.chmod(0o600)  # also one that was there before, such as a copy of .env.example
    file.write_text("\n".join([*kept, f"{SECRET}={secrets.token_hex(32)}", ""]), "utf-8")
    return True


def check_ports(environ: Mapping[str, str]) -> None:
    """Looks whether every port is free.

    Raises:
        NotReadyError: when one is taken, naming it and the setting that moves it.
        ConfigError: when a setting is no port.
    """
    places = {name: _place(environ, "GATEWAY_HOST", name, port) for name, port in GATEWAY_PORTS.items()}
    places["FRONTEND_PORT"] = _place(environ, "FRONTEND_HOST", "FRONTEND_PORT", PORTS["FRONTEND_PORT"])
    for name, port in ADDRESSES.items():
        places[name] = _address(name, env.text(environ, name, f"127.0.0.1:{port}"))
    for name, place in places.items():
        if not _free(place):
            message = f"Port {place[1]} is already in use; end what uses it, or set {name} to another one."
            raise NotReadyError(message)


def prepare_database(environ: Mapping[str, str]) -> None:
    """Brings the schema up to date and fills the shelves.

    Raises:
        NotReadyError: when the database cannot be used.
        ConfigError: when its settings are bad.
    """
    database = Config.from_env(environ).open()
    try:
        database.ping()
        upgrade(database)
        seed(database)
    except (DBAPIError, Unavailable) as error:
        raise NotReadyError(describe_failure(database.url, error)) from None
    finally:
        database.close()


def _place(environ: Mapping[str, str], host: str, name: str, port: int) -> tuple[str, int]:
    return env.text(environ, host, "127.0.0.1"), env.integer(environ, name, port, minimum=1, maximum=65535)


def _address(name: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        message = f"{name} must look like 127.0.0.1:50051, not {text!r}."
        raise env.ConfigError(message)
    return host, int(port)


def _free(place: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True
