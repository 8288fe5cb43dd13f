"""Settings of the gateway."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from limits import parse_many

from mesh import env
from mesh.credentials import Credentials
from mesh.keys import Keyring
from mesh.secrets import read_credentials, read_keyring

PORTS = {
    "users": ("USERS_PORT", 5001),
    "books": ("BOOKS_PORT", 5002),
    "orders": ("ORDERS_PORT", 5003),
    "place_order": ("PLACE_ORDER_PORT", 5004),
    "display_orders": ("DISPLAY_ORDERS_PORT", 5005),
}
"""The five sets of rows, each with the setting of its port and the default."""
LIMITS = {
    "login": ("RATE_LIMIT_LOGIN", "60 per minute"),
    "register": ("RATE_LIMIT_REGISTER", "300 per minute"),
    "refresh": ("RATE_LIMIT_REFRESH", "600 per minute"),
}
"""What one address may do, each with its setting and the default. Of log-ins, only those that fail count."""
YEARS = 2 * 365 * 86400
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


@dataclass(frozen=True)
class Port:
    """A port, the setting that moves it, and the sets of rows that it serves."""

    variable: str
    number: int
    sets: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """All that the gateway needs to know."""

    host: str
    ports: tuple[Port, ...]
    users_target: str
    books_target: str
    orders_target: str
    cors_origins: frozenset[str]
    threads: int
    cookie_secure: bool
    trusted_proxies: int
    hsts_seconds: int
    limits: Mapping[str, str]
    jwt_keys: Keyring = field(repr=False)
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads what `.env.example` lists for the gateway: ports, targets, origins, limits, proxies, TLS and keys.

        Raises:
            ConfigError: when one is missing or bad.
        """
        return cls(
            host=env.text(environ, "GATEWAY_HOST", "127.0.0.1"),
            ports=_ports(environ),
            users_target=env.text(environ, "USERS_TARGET", "127.0.0.1:50051"),
            books_target=env.text(environ, "BOOKS_TARGET", "127.0.0.1:50052"),
            orders_target=env.text(environ, "ORDERS_TARGET", "127.0.0.1:50053"),
            cors_origins=_origins(environ),
            threads=env.integer(environ, "GATEWAY_THREADS", 8, minimum=1, maximum=256),
            cookie_secure=env.flag(environ, "COOKIE_SECURE", default=True),
            trusted_proxies=env.integer(environ, "TRUSTED_PROXIES", 0, maximum=16),
            hsts_seconds=env.integer(environ, "HSTS_SECONDS", 0, maximum=YEARS),
            limits={name: _limit(environ, *setting) for name, setting in LIMITS.items()},
            jwt_keys=read_keyring(environ, "JWT_SECRET_KEY"),
            mesh_secret=read_credentials(environ, "gateway"),
        )


def _ports(environ: Mapping[str, str]) -> tuple[Port, ...]:
    ports = [
        Port(variable, env.integer(environ, variable, default, minimum=1, maximum=65535), (name,))
        for name, (variable, default) in PORTS.items()
    ]
    single = env.integer(environ, "GATEWAY_PORT", 0, maximum=65535)
    if single:
        ports.append(Port("GATEWAY_PORT", single, tuple(PORTS)))
    return tuple(ports)


def _limit(environ: Mapping[str, str], variable: str, default: str) -> str:
    limit = env.text(environ, variable, default)
    if limit.lower() == "off":
        return ""
    try:
        parse_many(limit)
    except ValueError:
        message = f"{variable} must look like '60 per minute' or '10 per minute; 200 per day' or off, not {limit!r}."
        raise env.ConfigError(message) from None
    return limit


def _origins(environ: Mapping[str, str]) -> frozenset[str]:
    origins = env.names(environ, "CORS_ORIGINS", "http://localhost:5173,http://127.0.0.1:5173")
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            message = f"CORS_ORIGINS must list origins such as https://shop.example, without a path, not {origin!r}."
            raise env.ConfigError(message)
    return frozenset(origins)
