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
from svc_users.throttle_rules import ThrottlePolicy


@dataclass(frozen=True)
class Config:
    """Settings of the users service: its address, its database, its rules and its secrets."""

    address: str
    min_password_length: int
    max_parallel_hashes: int
    throttle_policy: ThrottlePolicy
    database: database_config.Config
    jwt_keys: Keyring = field(repr=False)
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `USERS_ADDRESS`, `PASSWORD_*`, `LOGIN_*`, `JWT_SECRET_KEY`, and the settings of mesh and database.

        Raises:
            ConfigError: a setting is missing or invalid.
        """
        return cls(
            address=env.text(environ, "USERS_ADDRESS", "127.0.0.1:50051"),
            min_password_length=env.integer(environ, "PASSWORD_MIN_LENGTH", 6, minimum=1, maximum=64),
            max_parallel_hashes=os.cpu_count() or 1,
            throttle_policy=ThrottlePolicy(
                free_attempts=env.integer(environ, "LOGIN_FREE_ATTEMPTS", 10, minimum=1, maximum=100),
                max_delay=timedelta(seconds=env.seconds(environ, "LOGIN_DELAY_MAX_SECONDS", 300)),
            ),
            database=database_config.Config.from_env(environ),
            jwt_keys=read_keyring(environ, "JWT_SECRET_KEY"),
            mesh_secret=read_credentials(environ, "users"),
        )
