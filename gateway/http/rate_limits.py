"""Rate limits per client address, counted in memory by the process of a port."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway.http.errors import MESSAGES, ApiError
from mesh.web.addresses import counted_address

FAILURE_STATUSES = frozenset({401, 429})
"""The statuses of a failed log-in."""


@dataclass(frozen=True)
class RateLimit:
    """The rate limit of a route.

    Args:
        name: its name in the settings.
        failures_only: count only responses with 401 or 429: many log-ins from one address are no attack, wrong
            passwords are.
    """

    name: str
    failures_only: bool = False


class RateLimiter:
    """Counts the requests of each address.

    Args:
        limits: texts such as `60 per minute` by name; an empty text is no limit.
    """

    def __init__(self, limits: Mapping[str, str]) -> None:
        self._limits = {name: sorted(parse_many(text)) if text else [] for name, text in limits.items()}
        self._windows = FixedWindowRateLimiter(MemoryStorage())

    def check(self, limit: RateLimit) -> None:
        """Count the current request, or for a limit of failures only check that it is not exceeded.

        Raises:
            ApiError: 429 when the limit is exceeded; `Retry-After` is the time until the window resets.
        """
        check, address = self._windows.test if limit.failures_only else self._windows.hit, client_address()
        for item in self._limits[limit.name]:
            if not check(item, limit.name, address):
                raise self._error(item, limit.name, address)

    def count_failure(self, limit: RateLimit, status: int) -> None:
        """Count the current request if it failed, for a limit of failures."""
        if limit.failures_only and status in FAILURE_STATUSES:
            for item in self._limits[limit.name]:
                self._windows.hit(item, limit.name, client_address())

    def _error(self, item: RateLimitItem, name: str, address: str) -> ApiError:
        reset_at = self._windows.get_window_stats(item, name, address).reset_time
        return ApiError(429, MESSAGES[429], headers={"Retry-After": str(max(1, math.ceil(reset_at - time.time())))})


def client_address() -> str:
    """Return the address that the current request counts for: an IPv4 address, or the network of an IPv6 address."""
    return counted_address(request.remote_addr or "")
