"""Which settings each part of the product reads, determined by loading its configuration."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module

import database.accounts
import database.config
import frontend.server.config
import gateway.config
import registry.broker_accounts
import worker.config
from mesh.env import ConfigError
from registry.services import services
from tests.harness import JWT_SECRET

Reader = Callable[[Mapping[str, str]], object]


def _read_migration_settings(environ: Mapping[str, str]) -> object:
    config = database.config.Config.from_env(environ)
    return config, database.accounts.read_accounts(environ, config.url)


READERS: dict[str, Reader] = {
    "migrate": _read_migration_settings,
    "broker-accounts": registry.broker_accounts.Config.from_env,
    **{entry.name: import_module(f"{entry.package}.config").Config.from_env for entry in services()},
    "worker": worker.config.Config.from_env,
    "gateway": gateway.config.Config.from_env,
    "frontend": frontend.server.config.Config.from_env,
}
SECRETS = {
    "JWT_SECRET_KEY": JWT_SECRET,
    "RABBIT_PW": "of the administrator",
    "ORDERS_RABBIT_PW": "of orders",
    "WORKER_RABBIT_PW": "of the worker",
}
"""What the parts need to start."""
SERVER_SETTINGS = {"GRPC_REFLECTION"}
"""`mesh.server.run` reads these for every service."""
LOG_SETTINGS = {"LOG_LEVEL", "LOG_FORMAT"}
"""Every process reads these, and no `Config` does."""
ENVIRONMENTS: list[dict[str, str]] = [
    {"JWT_SECRET_KEY": JWT_SECRET},
    {"JWT_SECRET_KEY": JWT_SECRET, "MESH_SECRET": JWT_SECRET},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_HOST": "localhost", "RABBIT_TLS": "true", "RABBIT_TLS_CERT": "no-file"},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_URL": "amqp://localhost"},
    SECRETS,
    {
        "dbURL": "mysql+mysqlconnector://db/shop",
        **{f"{name.upper()}_DB_PW": f"of {name}" for name in database.accounts.OWN_TABLES},
    },
]
"""Some settings are read only together with others."""


class RecordingEnvironment(dict[str, str]):
    """An environment that records which names are read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override] # one of dict's overloads
        """Record the name."""
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        """Record the name."""
        self.names.add(key)
        return super().__getitem__(key)


def names_read(part: str) -> set[str]:
    """Return the names of all settings that a part reads in any of the environments."""
    names = set(SERVER_SETTINGS) if part in {entry.name for entry in services()} else set()
    for values in ENVIRONMENTS:
        environ = RecordingEnvironment(values)
        with suppress(ConfigError):
            READERS[part](environ)
        names |= environ.names
    return names
