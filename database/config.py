"""Settings of the database, for each process that uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from sqlalchemy.engine import URL

from database.engine import Database, parse_url
from database.options import DEFAULTS, ConnectionOptions, TlsMode
from mesh import env

DEFAULT_URL = "sqlite:///data/bookstore.db"
MIGRATION_TIMEOUT_SECONDS = 3600
LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Config:
    """URL of the database, and the options of its connections."""

    url: URL
    options: ConnectionOptions

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `dbURL` and the variables that begin with `DB_`.

        Raises:
            DatabaseUrlError: `dbURL` cannot be used.
            ConfigError: another setting is invalid.
        """
        url = parse_url(env.text(environ, "dbURL", DEFAULT_URL))
        tls, tls_ca = _tls(environ, url)
        options = ConnectionOptions(
            pool_size=env.integer(environ, "DB_POOL_SIZE", DEFAULTS.pool_size, minimum=1, maximum=200),
            pool_overflow=env.integer(environ, "DB_POOL_OVERFLOW", DEFAULTS.pool_overflow, maximum=200),
            connect_timeout_seconds=env.integer(
                environ, "DB_CONNECT_TIMEOUT", DEFAULTS.connect_timeout_seconds, minimum=1, maximum=300
            ),
            timeout_seconds=env.integer(environ, "DB_TIMEOUT", DEFAULTS.timeout_seconds, minimum=1, maximum=3600),
            tls=tls,
            tls_ca=tls_ca,
        )
        return cls(url, options)

    def open(self) -> Database:
        """Return the database, which connects when it is first used."""
        return Database(self.url, self.options)

    def open_for_migrations(self) -> Database:
        """Return the database with a time limit for statements that suits changes of large tables."""
        return Database(self.url, replace(self.options, timeout_seconds=MIGRATION_TIMEOUT_SECONDS))


def _tls(environ: Mapping[str, str], url: URL) -> tuple[TlsMode, str]:
    tls_ca = env.text(environ, "DB_TLS_CA", " ").strip()
    # Nothing can intercept the loopback interface, and encryption costs a fifth of each call.
    without_authority = "off" if url.host in LOOPBACK_HOSTS else "preferred"
    tls = env.choice(environ, "DB_TLS", "required" if tls_ca else without_authority, ("off", "preferred", "required"))
    if tls_ca and tls != "required":
        raise env.ConfigError("DB_TLS must be required when DB_TLS_CA is set.")
    if tls_ca and not Path(tls_ca).is_file():
        message = f"DB_TLS_CA: the file {tls_ca} does not exist."
        raise env.ConfigError(message)
    return cast("TlsMode", tls), tls_ca
