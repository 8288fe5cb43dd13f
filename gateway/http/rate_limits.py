"""Rate limits per client address, counted in memory by the process of a port."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address

from flask import Response, g, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway.http.errors import MESSAGES, ApiError
from mesh import logs
from mesh.web.addresses import counted_address

FAILURE_STATUSES = frozenset({401, 429})
"""The statuses of a failed log-in."""

log = logs.get("gateway.security")


class Excess(IntEnum):
    """How far an address is beyond a limit of failures."""

    NONE = 0
    BEYOND = 1
    TWICE = 2


@dataclass(frozen=True)
class RateLimit:
    """The rate limit of a route.

    Args:
        name: its name in the settings.
        failures_only: count only responses with 401 or 429 and requests in flight: many log-ins from one address are no
            attack, wrong passwords are. Beyond the limit, the view refuses what `excess` says, because other users may
            have the same address; beyond twice the limit, every request is refused.
        exempt_cookie: a cookie whose bearer passes beyond twice the limit as well.
    """

    name: str
    failures_only: bool = False
    exempt_cookie: str = ""


class RateLimiter:
    """Counts the requests of each address.

    Args:
        limits: texts such as `60 per minute` by name; an empty text is no limit.
    """

    def __init__(self, limits: Mapping[str, str]) -> None:
        self._limits = {name: sorted(parse_many(text)) if text else [] for name, text in limits.items()}
        self._storage = MemoryStorage()
        self._windows = FixedWindowRateLimiter(self._storage)
        self._in_flight: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def call(self, limit: RateLimit, endpoint: Callable[[], Response]) -> Response:
        """Return the response of an endpoint to the current request, and count the request.

        Raises:
            ApiError: 429 when the limit is exceeded; `Retry-After` is the time until the window resets.
        """
        if not limit.failures_only:
            self._hit(limit.name)
            return endpoint()
        key, status = (limit.name, client_address()), 500
        self._begin_attempt(limit, key)
        try:
            response = endpoint()
            status = response.status_code
        except ApiError as error:
            status = error.status
            raise
        finally:
            # Beyond the limit, what the view has refused must not bring the address closer to twice the limit.
            self._end_attempt(key, is_failure=status in ({401} if excess() else FAILURE_STATUSES))
        return response

    def _hit(self, name: str) -> None:
        address = client_address()
        for item in self._limits[name]:
            if not self._windows.hit(item, name, address):
                raise self._error(item, name, address)

    def _begin_attempt(self, limit: RateLimit, key: tuple[str, str]) -> None:
        with self._lock:
            for item in self._limits[limit.name]:
                multiple = (self._storage.get(item.key_for(*key)) + self._in_flight[key]) // item.amount
                if multiple >= Excess.TWICE and limit.exempt_cookie not in request.cookies:
                    raise self._error(item, *key)
                g.excess = max(excess(), Excess(min(multiple, Excess.TWICE)))
            self._in_flight[key] += 1

    def _end_attempt(self, key: tuple[str, str], *, is_failure: bool) -> None:
        with self._lock:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]
            if is_failure:
                for item in self._limits[key[0]]:
                    self._windows.hit(item, *key)

    def _error(self, item: RateLimitItem, name: str, address: str) -> ApiError:
        log.warning("rate limited", limit=name, address=client_ip() or "unknown")
        reset_at = self._windows.get_window_stats(item, name, address).reset_time
        return ApiError(429, MESSAGES[429], headers={"Retry-After": str(max(1, math.ceil(reset_at - time.time())))})


def excess() -> Excess:
    """Return how far the address of the current request is beyond the limit of failures of its route."""
    beyond: Excess = g.get("excess", Excess.NONE)
    return beyond


def client_ip() -> str:
    """Return the client's IP address without a zone; empty when a proxy has sent another text."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    return str(address).partition("%")[0]


def client_address() -> str:
    """Return the address that the current request counts for: an IPv4 address, or the network of an IPv6 address."""
    return counted_address(request.remote_addr or "")
