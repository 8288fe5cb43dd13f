"""Settings of the app's own server, and the addresses of the gateway that it gives to the pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mesh import env
from registry.rest_ports import REST_PORTS, RestPort

URL = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+|:[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?|/[A-Za-z0-9._~/-]*")


@dataclass(frozen=True)
class Config:
    """The address to listen on, and where the pages find the gateway.

    Each of `urls` is an address (`https://api.example`), a port of the page's own host (`:5001`), or a path there.
    """

    host: str
    port: int
    hsts_seconds: int
    urls: Mapping[str, str]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `FRONTEND_*`, `HSTS_SECONDS`, the ports of the gateway, `PUBLIC_API_URL`, `PUBLIC_USERS_URL` and so on.

        Raises:
            ConfigError: a setting is bad.
        """
        return cls(
            host=env.host(environ, "FRONTEND_HOST", "127.0.0.1"),
            port=env.port(environ, "FRONTEND_PORT", 5173),
            hsts_seconds=env.integer(environ, "HSTS_SECONDS", 0),
            urls={_key(port.name): _url(environ, port) for port in REST_PORTS},
        )


def _key(name: str) -> str:
    """Return the key in `/config.json` for a route group, such as `placeOrderUrl` for `place_order`."""
    first, *others = name.split("_")
    return "".join((first, *map(str.title, others), "Url"))


def _url(environ: Mapping[str, str], rest_port: RestPort) -> str:
    """Return the most specific setting that is set, or else the gateway's port."""
    port = env.port(environ, rest_port.variable, rest_port.default)
    variables = (f"PUBLIC_{rest_port.name.upper()}_URL", "PUBLIC_API_URL")
    values = {variable: env.text(environ, variable, " ") for variable in variables}
    variable, url = next(((name, value) for name, value in values.items() if value.strip()), ("", f":{port}"))
    if not URL.fullmatch(url):
        message = (
            f"{variable} must be an address such as https://api.example, a port such as :5001 or a path, not {url!r}."
        )
        raise env.ConfigError(message)
    return url
