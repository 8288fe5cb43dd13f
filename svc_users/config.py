"""Settings of the users service."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from database import config as database_config
from mesh import env
from mesh.credentials import Credentials
from mesh.keys import Keyring
from mesh.secrets import read_credentials, read_keyring
from svc_users.rules import Patience


@dataclass(frozen=True)
class Config:
    """All that the service needs to know."""

    address: str
    password_min_length: int
    hashes_at_once: int
    patience: Patience
    database: database_config.Config
    jwt_keys: Keyring = field(repr=False)
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `USERS_ADDRESS`, `PASSWORD_*`, `LOGIN_*`, `JWT_SECRET_KEY`, the mesh's key and the database's settings.

        Raises:
            ConfigError: when one is missing or bad.
        """
        return cls(
            address=env.text(environ, "USERS_ADDRESS", "127.0.0.1:50051"),
            password_min_length=env.integer(environ, "PASSWORD_MIN_LENGTH", 6, minimum=1, maximum=64),
            hashes_at_once=os.cpu_count() or 1,
            patience=Patience(
                free=env.integer(environ, "LOGIN_FREE_ATTEMPTS", 10, minimum=1, maximum=100),
                longest=timedelta(seconds=env.seconds(environ, "LOGIN_DELAY_MAX_SECONDS", 300)),
            ),
            database=database_config.Config.from_env(environ),
            jwt_keys=read_keyring(environ, "JWT_SECRET_KEY"),
            mesh_secret=read_credentials(environ, "users"),
        )
