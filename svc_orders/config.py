"""Settings of the orders service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from database import config as database_config
from mesh import env
from mesh.broker.settings import Settings, broker_settings
from mesh.credentials import Credentials
from mesh.secrets import read_credentials


@dataclass(frozen=True)
class Config:
    """All that the service needs to know."""

    address: str
    books_target: str
    database: database_config.Config
    broker: Settings | None
    """Carries the events; the worker leases them from this service when there is none."""
    reconcile_after: timedelta
    """How long an order gets before its event counts as lost."""
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `ORDERS_ADDRESS`, `BOOKS_TARGET`, `RECONCILE_AFTER_SECONDS`, `ORDER_PROCESSING_SECONDS` and more.

        The rest are the mesh's key and the settings of the database and of the broker.

        Raises:
            ConfigError: when one is missing or bad.
        """
        working = env.seconds(environ, "ORDER_PROCESSING_SECONDS", 5, maximum=600)
        return cls(
            address=env.text(environ, "ORDERS_ADDRESS", "127.0.0.1:50053"),
            books_target=env.text(environ, "BOOKS_TARGET", "127.0.0.1:50052"),
            database=database_config.Config.from_env(environ),
            broker=broker_settings(environ),
            reconcile_after=timedelta(seconds=env.seconds(environ, "RECONCILE_AFTER_SECONDS", 60 + working)),
            mesh_secret=read_credentials(environ, "orders"),
        )
