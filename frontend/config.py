"""Settings of the shop's own server, and what the pages are told of the gateway."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mesh import env

SETS = {
    "usersUrl": ("USERS", 5001),
    "booksUrl": ("BOOKS", 5002),
    "ordersUrl": ("ORDERS", 5003),
    "placeOrderUrl": ("PLACE_ORDER", 5004),
    "displayOrdersUrl": ("DISPLAY_ORDERS", 5005),
}
"""The keys of `/config.json`, each with the word in its settings and the port that it has by default."""
URL = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+|:[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?|/[A-Za-z0-9._~/-]*")


@dataclass(frozen=True)
class Config:
    """Where to listen, and where the pages find the gateway.

    Each of `urls` is an address (`https://api.example`), a port of the page's own host (`:5001`), or a path there.
    """

    host: str
    port: int
    hsts_seconds: int
    urls: Mapping[str, str]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Reads `FRONTEND_*`, `HSTS_SECONDS`, the gateway's ports, `PUBLIC_API_URL` or `PUBLIC_USERS_URL` and its like.

        Raises:
            ConfigError: when one is bad.
        """
        return cls(
            host=env.text(environ, "FRONTEND_HOST", "127.0.0.1"),
            port=env.integer(environ, "FRONTEND_PORT", 5173, minimum=1, maximum=65535),
            hsts_seconds=env.integer(environ, "HSTS_SECONDS", 0),
            urls={key: _url(environ, word, port) for key, (word, port) in SETS.items()},
        )


def _url(environ: Mapping[str, str], word: str, default: int) -> str:
    """The most particular setting that there is; else the gateway's port."""
    port = env.integer(environ, f"{word}_PORT", default, minimum=1, maximum=65535)
    given = {name: env.text(environ, name, " ") for name in (f"PUBLIC_{word}_URL", "PUBLIC_API_URL")}
    name, url = next(((name, url) for name, url in given.items() if url.strip()), ("", f":{port}"))
    if not URL.fullmatch(url):
        message = f"{name} must be an address such as https://api.example, a port such as :5001 or a path, not {url!r}."
        raise env.ConfigError(message)
    return url
