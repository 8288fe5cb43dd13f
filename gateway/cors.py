"""Which web origins may read the answers."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

VARY = ("Vary", "Origin")
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Request-ID"),
    ("Access-Control-Max-Age", "600"),
)


class Cors:
    """Names allowed origins, and no others.

    Args:
        origins: the allowed ones.
    """

    def __init__(self, origins: AbstractSet[str]) -> None:
        self._origins = origins

    def allows(self, origin: str | None) -> bool:
        """Whether a request may come from there; one that names no origin comes from no web page."""
        return origin is None or origin in self._origins

    def headers(self, environ: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """The headers for the request's origin."""
        origin: str = environ.get("HTTP_ORIGIN", "")
        if origin not in self._origins:
            return (VARY,)
        named = (
            VARY,
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Expose-Headers", "X-Request-ID, Retry-After"),
        )
        return named + PREFLIGHT if environ["REQUEST_METHOD"] == "OPTIONS" else named
