"""Settings of the books service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from database import config as database_config
from mesh import env
from mesh.credentials import Credentials
from mesh.secrets import read_credentials


@dataclass(frozen=True)
class Config:
    """All that the service needs to know."""

    address: str
    database: database_config.Config
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `BOOKS_ADDRESS`, the mesh's key and the database's settings.

        Raises:
            ConfigError: when one is missing or bad.
        """
        return cls(
            address=env.text(environ, "BOOKS_ADDRESS", "127.0.0.1:50052"),
            database=database_config.Config.from_env(environ),
            mesh_secret=read_credentials(environ, "books"),
        )
