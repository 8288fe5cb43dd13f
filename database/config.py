"""Settings of the database, for every service that uses it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.engine import URL

from database.engine import parse_url
from mesh import env

DEFAULT_URL = "sqlite:///data/bookstore.db"


@dataclass(frozen=True)
class Config:
    """Where the database is, and how many connections to keep."""

    url: URL
    pool_size: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `dbURL` and `DB_POOL_SIZE`.

        Raises:
            BadUrlError: when `dbURL` cannot be used.
            ConfigError: when `DB_POOL_SIZE` is not a whole number from 1 to 200.
        """
        return cls(
            url=parse_url(env.text(environ, "dbURL", DEFAULT_URL)),
            pool_size=env.integer(environ, "DB_POOL_SIZE", 16, least=1, most=200),
        )
