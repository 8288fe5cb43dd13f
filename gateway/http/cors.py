"""The web origins that may read responses (CORS)."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

VARY = ("Vary", "Origin")


class Cors:
    """An allow-list of origins; any other origin gets no CORS header.

    Args:
        origins: the allowed origins.
        methods: the methods that a preflight response allows.
    """

    def __init__(self, origins: AbstractSet[str], methods: Iterable[str]) -> None:
        self._origins = origins
        self._preflight_headers = (
            ("Access-Control-Allow-Methods", ", ".join(methods)),
            ("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Request-ID"),
            ("Access-Control-Max-Age", "600"),
        )

    def allows(self, origin: str | None) -> bool:
        """Return whether a request from this origin is allowed; without an origin it does not come from a web page."""
        return origin is None or origin in self._origins

    def headers(self, environ: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the response headers for the origin of a request."""
        origin: str = environ.get("HTTP_ORIGIN", "")
        if origin not in self._origins:
            return (VARY,)
        headers = (
            VARY,
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Expose-Headers", "X-Request-ID, Retry-After"),
        )
        return headers + self._preflight_headers if environ["REQUEST_METHOD"] == "OPTIONS" else headers
