"""Authentication: users by their access token, services by their mesh token."""

import math
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

import jwt
from flask import request

from gateway.http.errors import ApiError
from mesh.credentials import Credentials
from mesh.errors import Unauthenticated
from mesh.identity import Verifier
from mesh.keys import Keyring

DECODE_OPTIONS: jwt.types.Options = {
    "require": ["exp", "iat", "sub", "type"],
    "verify_exp": False,  # verified here, by the injected clock
}
MAX_HEADER_LENGTH = 8192
"""Characters; a longer Authorization header holds no token of this shop and is not decoded."""
MAX_CACHED_TOKENS = 4096
CLOCK_SKEW_SECONDS = 5
"""Seconds by which the clock of the users service may be ahead of this one; `exp` gets no such tolerance."""
USER_ID = re.compile(r"[1-9][0-9]{0,18}")
MAX_USER_ID = 2**63 - 1
INVALID, EXPIRED = "Invalid token", "Token has expired"
DECODE_ERRORS = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""The exceptions of decoding a token and of reading claims of unexpected types."""


class Access(Enum):
    """Who may use a route."""

    ANYONE = auto()
    USER = auto()
    SERVICE = auto()
    USER_OR_SERVICE = auto()


class Caller(NamedTuple):
    """The authenticated sender of a request: a user by id, or a service.

    Args:
        user_id: the user, or 0 for a service.
        metadata: the token of a service, which is forwarded to the service behind the route.
    """

    user_id: int
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CachedToken:
    """A verified token; `expires_at` is in seconds since the epoch."""

    caller: Caller
    expires_at: float


class Authenticator:
    """Verifies the bearer token of the current request.

    Args:
        keys: the keys of the users' tokens.
        mesh: the keys of the services' tokens.
        services: the services behind the routes, which are the audiences of the services' tokens.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self,
        keys: Keyring,
        mesh: str | Credentials,
        services: Iterable[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._verifiers = {service: Verifier(service, mesh, clock) for service in services}
        self._clock = clock
        self._cache: dict[str, CachedToken] = {}

    def authenticate(self, access: Access, service: str) -> Caller:
        """Return the caller if it may use the route.

        Args:
            access: who may use the route.
            service: the service behind the route, the audience of a service's token.

        Raises:
            ApiError: 401 without a valid token, 403 when the caller may not use the route.
        """
        token = _bearer_token()
        try:
            caller = self._user(token)
        except ApiError as error:
            if access is Access.USER or error.message != INVALID:
                raise
            return self._service(token, service)
        if access is Access.SERVICE:
            raise ApiError(403, "This route requires a service token.")
        return caller

    def session_id(self, refresh_token: str) -> str | None:
        """Return the `sid` of the bearer token or else of the refresh token, or None when neither is valid.

        Both tokens may have expired.
        """
        try:
            token = _bearer_token()
        except ApiError:
            token = refresh_token[:MAX_HEADER_LENGTH]
        try:
            return str(uuid.UUID(self._decode(token)["sid"]))
        except DECODE_ERRORS:
            return None

    def _user(self, token: str) -> Caller:
        cached = self._cache.get(token)
        if cached is None:
            cached = self._verify(token)
            if len(self._cache) >= MAX_CACHED_TOKENS:
                self._cache.clear()
            self._cache[token] = cached
        if cached.expires_at <= self._clock():
            self._cache.pop(token, None)
            raise ApiError(401, EXPIRED)
        return cached.caller

    def _verify(self, token: str) -> CachedToken:
        try:
            claims = self._decode(token)
            is_access_token, expires_at = claims["type"] == "access", _timestamp(claims["exp"])
        except DECODE_ERRORS:
            raise ApiError(401, INVALID) from None
        if not is_access_token:
            raise ApiError(401, EXPIRED if expires_at <= self._clock() else "Invalid token type")
        if not _is_user_id(claims["sub"]):
            raise ApiError(401, INVALID)
        return CachedToken(Caller(int(claims["sub"])), expires_at)

    def _decode(self, token: str) -> dict[str, Any]:
        return self._keys.decode(token, DECODE_OPTIONS, leeway=CLOCK_SKEW_SECONDS)

    def _service(self, token: str, service: str) -> Caller:
        try:
            self._verifiers[service].caller(token)
        except Unauthenticated as error:
            raise ApiError(401, EXPIRED if error.reason == "TOKEN_EXPIRED" else INVALID) from None
        return Caller(0, (("authorization", f"Bearer {token}"),))


def _bearer_token() -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise ApiError(401, "Missing Authorization header")
    if len(header) > MAX_HEADER_LENGTH:
        raise ApiError(401, INVALID)
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise ApiError(401, "Invalid Authorization format")
    return token


def _timestamp(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _is_user_id(sub: object) -> bool:
    return isinstance(sub, str) and USER_ID.fullmatch(sub) is not None and int(sub) <= MAX_USER_ID
