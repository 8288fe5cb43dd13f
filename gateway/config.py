"""Settings of the gateway."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from limits import parse_many

from mesh import env
from mesh.credentials import Credentials
from mesh.keys import Keyring
from mesh.secrets import read_credentials, read_keyring
from registry.rest_ports import REST_PORTS
from registry.services import services

RATE_LIMITS = {
    "login": ("RATE_LIMIT_LOGIN", "60 per minute"),
    "register": ("RATE_LIMIT_REGISTER", "300 per minute"),
    "refresh": ("RATE_LIMIT_REFRESH", "600 per minute"),
}
"""The variable and the default of each rate limit per client address. Only failed log-ins count towards `login`."""
MAX_HSTS_SECONDS = 2 * 365 * 86400
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


@dataclass(frozen=True)
class Port:
    """A port to listen on.

    Args:
        variable: the environment variable that sets the number.
        number: the port number.
        names: the REST ports, by their names in the registry, whose routes it serves.
    """

    variable: str
    number: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """Settings of the gateway; `targets` has the address of each service by its name."""

    host: str
    ports: tuple[Port, ...]
    targets: Mapping[str, str]
    cors_origins: frozenset[str]
    threads: int
    cookie_secure: bool
    trusted_proxies: int
    hsts_seconds: int
    rate_limits: Mapping[str, str]
    jwt_keys: Keyring = field(repr=False)
    mesh_secret: Credentials = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read the settings that `.env.example` lists for the gateway.

        Raises:
            ConfigError: when a setting is missing or has a bad value.
        """
        return cls(
            host=env.host(environ, "GATEWAY_HOST", "127.0.0.1"),
            ports=_ports(environ),
            targets={
                entry.name: env.text(environ, entry.target_variable, f"127.0.0.1:{entry.default_port}")
                for entry in services()
            },
            cors_origins=_origins(environ),
            threads=env.integer(environ, "GATEWAY_THREADS", 32, minimum=1, maximum=256),
            cookie_secure=env.flag(environ, "COOKIE_SECURE", default=True),
            trusted_proxies=env.integer(environ, "TRUSTED_PROXIES", 0, maximum=16),
            hsts_seconds=env.integer(environ, "HSTS_SECONDS", 0, maximum=MAX_HSTS_SECONDS),
            rate_limits={name: _rate_limit(environ, *setting) for name, setting in RATE_LIMITS.items()},
            jwt_keys=read_keyring(environ, "JWT_SECRET_KEY"),
            mesh_secret=read_credentials(environ, "gateway"),
        )


def _ports(environ: Mapping[str, str]) -> tuple[Port, ...]:
    ports = [Port(each.variable, env.port(environ, each.variable, each.default), (each.name,)) for each in REST_PORTS]
    single_port = env.port(environ, "GATEWAY_PORT", 0, minimum=0)
    if single_port:
        ports.append(Port("GATEWAY_PORT", single_port, tuple(each.name for each in REST_PORTS)))
    return tuple(ports)


def _rate_limit(environ: Mapping[str, str], variable: str, default: str) -> str:
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
