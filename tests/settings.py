"""Which settings each part of the product reads, found out by letting it read."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import database.config
import frontend.server.config
import gateway.config
import svc_books.config
import svc_orders.config
import svc_users.config
import worker.config
from mesh.env import ConfigError
from tests.harness import JWT_SECRET

Reader = Callable[[Mapping[str, str]], object]

READERS: dict[str, Reader] = {
    "migrate": database.config.Config.from_env,
    "users": svc_users.config.Config.from_env,
    "books": svc_books.config.Config.from_env,
    "orders": svc_orders.config.Config.from_env,
    "worker": worker.config.Config.from_env,
    "gateway": gateway.config.Config.from_env,
    "frontend": frontend.server.config.Config.from_env,
}
LOGS = {"LOG_LEVEL", "LOG_FORMAT"}
"""Read by every process, and by no `Config`."""
SITUATIONS: list[dict[str, str]] = [
    {"JWT_SECRET_KEY": JWT_SECRET},
    {"JWT_SECRET_KEY": JWT_SECRET, "MESH_SECRET": JWT_SECRET},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_HOST": "localhost", "RABBIT_TLS": "true", "RABBIT_TLS_CERT": "no-file"},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_URL": "amqp://localhost"},
]
"""Some settings are read only beside others."""


class Recorder(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override] # one of dict's overloads
        """As a dict's."""
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        """As a dict's."""
        self.asked.add(key)
        return super().__getitem__(key)


def names_read(part: str) -> set[str]:
    """All settings that a part asks for, in whatever situation."""
    asked: set[str] = set()
    for situation in SITUATIONS:
        environ = Recorder(situation)
        with suppress(ConfigError):
            READERS[part](environ)
        asked |= environ.asked
    return asked
