"""Settings of the orders service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from database import config as database_config
from mesh import env
from mesh.broker.settings import Settings, broker_settings
from mesh.credentials import Credentials
from mesh.secrets import read_credentials

DEFAULT_RECONCILE_MARGIN_SECONDS = 60.0
"""Time that an order has beyond the simulated work before its event counts as lost."""
MIN_RECONCILE_AFTER_SECONDS = 1.0
"""With less, an event would count as lost before its message can reach a worker."""


@dataclass(frozen=True)
class Config:
    """All settings of the service.

    Args:
        address: host and port to listen on.
        books_target: address of the books service.
        database: the settings of the database.
        broker: the broker that delivers the events; without one the worker leases them from this service.
        reconcile_after: age at which the event of a pending order counts as lost.
        mesh_secret: what the service signs its calls with and verifies others by.
    """

    address: str
    books_target: str
    database: database_config.Config
    broker: Settings | None
    reconcile_after: timedelta
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `ORDERS_ADDRESS`, `BOOKS_TARGET`, `RECONCILE_AFTER_SECONDS` and `ORDER_PROCESSING_SECONDS`.

        It also reads the variables of the mesh credentials, the database and the broker.

        Raises:
            ConfigError: a variable is missing or invalid.
        """
        work_seconds = env.seconds(environ, "ORDER_PROCESSING_SECONDS", 5, maximum=600)
        default_age = DEFAULT_RECONCILE_MARGIN_SECONDS + work_seconds
        reconcile_seconds = env.seconds(
            environ, "RECONCILE_AFTER_SECONDS", default_age, minimum=MIN_RECONCILE_AFTER_SECONDS
        )
        return cls(
            address=env.text(environ, "ORDERS_ADDRESS", "127.0.0.1:50053"),
            books_target=env.text(environ, "BOOKS_TARGET", "127.0.0.1:50052"),
            database=database_config.Config.from_env(environ),
            broker=broker_settings(environ),
            reconcile_after=timedelta(seconds=reconcile_seconds),
            mesh_secret=read_credentials(environ, "orders"),
        )
