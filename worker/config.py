"""Settings of the worker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesh import env
from mesh.broker.settings import Settings, broker_settings
from mesh.credentials import Credentials
from mesh.secrets import read_credentials


@dataclass(frozen=True)
class Config:
    """All settings of the worker.

    Args:
        books_target: address of the books service.
        orders_target: address of the orders service.
        processing_seconds: duration of the simulated work per order.
        concurrency: maximum number of orders in work at the same time.
        heartbeat_file: file that the worker touches while it can get events.
        broker: the broker that delivers events; without one they come from the orders service.
        mesh_secret: what the worker signs its calls with.
    """

    books_target: str
    orders_target: str
    processing_seconds: float
    concurrency: int
    heartbeat_file: Path | None
    broker: Settings | None
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `BOOKS_TARGET`, `ORDERS_TARGET`, `ORDER_PROCESSING_SECONDS`, `WORKER_CONCURRENCY`, `WORKER_PULSE_FILE`.

        It also reads the variables of the mesh credentials and of the broker.

        Raises:
            ConfigError: a variable is missing or invalid.
        """
        return cls(
            books_target=env.text(environ, "BOOKS_TARGET", "127.0.0.1:50052"),
            orders_target=env.text(environ, "ORDERS_TARGET", "127.0.0.1:50053"),
            processing_seconds=env.seconds(environ, "ORDER_PROCESSING_SECONDS", 5, maximum=600),
            concurrency=env.integer(environ, "WORKER_CONCURRENCY", 512, minimum=1, maximum=1000),
            heartbeat_file=_file_in_existing_folder(environ, "WORKER_PULSE_FILE"),
            broker=broker_settings(environ),
            mesh_secret=read_credentials(environ, "worker"),
        )


def _file_in_existing_folder(environ: Mapping[str, str], name: str) -> Path | None:
    file = environ.get(name, "").strip()
    if file and not Path(file).parent.is_dir():
        message = f"{name}: The folder {Path(file).parent} does not exist."
        raise env.ConfigError(message)
    return Path(file) if file else None
