"""How often one address may log in, register and refresh, by Flask-Limiter."""

import math
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

from flask import Blueprint, Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded

from gateway.answers import respond
from gateway.errors import SENTENCES

SITE = 64
"""Bits of an IPv6 address that tell networks apart: whoever has one address has all the others with the same."""
REFUSED = frozenset({401, 429})
"""What a log-in is answered that failed."""

View = Callable[..., Response]


class Limits:
    """The limits of one port, counted in its one process.

    Args:
        limits: such as `60 per minute`, by name; empty ones do not limit.
    """

    def __init__(self, limits: Mapping[str, str]) -> None:
        self._limits = limits
        self._limiter = Limiter(address, storage_uri="memory://")

    def every(self, name: str, view: View) -> View:
        """The view, limited by that name."""
        limit = self._limits[name]
        return self._limiter.limit(limit)(view) if limit else view

    def failures(self, name: str, view: View) -> View:
        """The view, limited in how often it may refuse: a crowd behind one address that logs in is no attack."""
        limit = self._limits[name]
        return self._limiter.limit(limit, deduct_when=_refused)(view) if limit else view

    def install(self, routes: Blueprint) -> None:
        """Puts the limiter's hooks around these routes, before they are registered."""
        self._limiter.init_app(cast("Flask", _Hooks(routes)))
        routes.register_error_handler(RateLimitExceeded, self._answer)

    def _answer(self, _: RateLimitExceeded) -> Response:
        limit = self._limiter.current_limit
        wait = max(1, math.ceil(limit.reset_at - time.time())) if limit else 1
        response = respond({"code": 429, "message": SENTENCES[429]}, 429)
        response.headers["Retry-After"] = str(wait)
        return response


class _Hooks:
    """What the limiter needs of an app, on the routes of a blueprint: hooks on the app would slow down every row."""

    def __init__(self, routes: Blueprint) -> None:
        self.config: dict[str, Any] = {}
        self.extensions: dict[str, Any] = {}
        self.before_request = routes.before_request
        self.after_request = routes.after_request
        self.teardown_request = routes.teardown_request


def address() -> str:
    """Whom a request counts against: an IPv4 address, or the network of an IPv6 address."""
    text = request.remote_addr or ""
    try:
        found = ip_address(text)
    except ValueError:  # a proxy may name its client as it likes
        return text or "nobody"
    if not isinstance(found, IPv6Address):
        return text
    return str(found.ipv4_mapped or ip_network((found, SITE), strict=False))


def _refused(response: Response) -> bool:
    return response.status_code in REFUSED
