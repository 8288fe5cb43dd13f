"""Settings of the database, for every service that uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy.engine import URL

from database.engine import Database, parse_url
from database.options import Options, Tls
from mesh import env

DEFAULT_URL = "sqlite:///data/bookstore.db"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Config:
    """Where the database is, and how to connect to it."""

    url: URL
    options: Options

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `dbURL` and what begins with `DB_`.

        Raises:
            DatabaseUrlError: when `dbURL` cannot be used.
            ConfigError: when another setting is bad.
        """
        url = parse_url(env.text(environ, "dbURL", DEFAULT_URL))
        tls, tls_ca = _tls(environ, url)
        options = Options(
            pool_size=env.integer(environ, "DB_POOL_SIZE", Options.pool_size, minimum=1, maximum=200),
            pool_overflow=env.integer(environ, "DB_POOL_OVERFLOW", Options.pool_overflow, maximum=200),
            connect_timeout=env.integer(environ, "DB_CONNECT_TIMEOUT", Options.connect_timeout, minimum=1, maximum=300),
            timeout=env.integer(environ, "DB_TIMEOUT", Options.timeout, minimum=1, maximum=3600),
            tls=tls,
            tls_ca=tls_ca,
        )
        return cls(url, options)

    def open(self) -> Database:
        """The database; connects with the first use."""
        return Database(self.url, self.options)


def _tls(environ: Mapping[str, str], url: URL) -> tuple[Tls, str]:
    tls_ca = env.text(environ, "DB_TLS_CA", " ").strip()
    # Nobody listens on the loopback, where encryption costs a fifth of each call.
    plain = "off" if url.host in LOOPBACK else "preferred"
    tls = env.choice(environ, "DB_TLS", "required" if tls_ca else plain, ("off", "preferred", "required"))
    if tls_ca and tls != "required":
        raise env.ConfigError("DB_TLS must be required when DB_TLS_CA is set.")
    if tls_ca and not Path(tls_ca).is_file():
        message = f"DB_TLS_CA: there is no file {tls_ca}."
        raise env.ConfigError(message)
    return cast("Tls", tls), tls_ca
