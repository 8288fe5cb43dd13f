"""Settings of the books service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from database import config as database_config
from mesh import env
from mesh.credentials import Credentials
from mesh.secrets import read_credentials


@dataclass(frozen=True)
class Config:
    """Settings of the books service: its address, its database and its credentials."""

    address: str
    database: database_config.Config
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `BOOKS_ADDRESS`, the mesh's credentials and the database's settings.

        Raises:
            ConfigError: a setting is missing or invalid.
        """
        return cls(
            address=env.text(environ, "BOOKS_ADDRESS", "127.0.0.1:50052"),
            database=database_config.Config.from_env(environ),
            mesh_secret=read_credentials(environ, "books"),
        )
