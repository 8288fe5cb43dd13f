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
    """All that the worker needs to know."""

    books_target: str
    orders_target: str
    processing_seconds: float
    concurrency: int
    pulse: Path | None
    """The file that shows that the worker is well."""
    broker: Settings | None
    """Where events come from; from Orders itself when there is none."""
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `BOOKS_TARGET`, `ORDERS_TARGET`, `ORDER_PROCESSING_SECONDS`, `WORKER_CONCURRENCY` and more.

        The rest are the mesh's key and the broker's settings.

        Raises:
            ConfigError: when one is missing or bad.
        """
        return cls(
            books_target=env.text(environ, "BOOKS_TARGET", "127.0.0.1:50052"),
            orders_target=env.text(environ, "ORDERS_TARGET", "127.0.0.1:50053"),
            processing_seconds=env.seconds(environ, "ORDER_PROCESSING_SECONDS", 5, maximum=600),
            concurrency=env.integer(environ, "WORKER_CONCURRENCY", 512, minimum=1, maximum=1000),
            pulse=_file(environ, "WORKER_PULSE_FILE"),
            broker=broker_settings(environ),
            mesh_secret=read_credentials(environ, "worker"),
        )


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    file = environ.get(name, "").strip()
    if file and not Path(file).parent.is_dir():
        message = f"{name}: there is no folder {Path(file).parent}."
        raise env.ConfigError(message)
    return Path(file) if file else None
