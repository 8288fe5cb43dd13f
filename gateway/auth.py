"""Who is asking: shoppers by their access token, services by their mesh token."""

import math
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

import jwt
from flask import request

from gateway.errors import Refusal
from mesh.credentials import Credentials
from mesh.errors import Unauthenticated
from mesh.identity import Verifier
from mesh.keys import Keyring

OPTIONS: jwt.types.Options = {"require": ["exp", "iat", "sub", "type"], "verify_exp": False}  # by our own clock
LONGEST = 8192
"""Characters; a longer Authorization header is no token of ours and is not worth its decoding."""
REMEMBERED = 4096
"""Verified tokens kept at most."""
SKEW = 5
"""Seconds by which the clock of the users service may be ahead of ours; `exp` gets no such grace."""
USER_ID = re.compile(r"[1-9][0-9]{0,18}")
INT64 = 2**63 - 1
INVALID, EXPIRED = "Invalid token", "Token has expired"
MALFORMED = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What decoding raises, and reading claims of odd types."""


class Access(Enum):
    """Who may use a row."""

    ANYONE = auto()
    USER = auto()
    SERVICE = auto()
    USER_OR_SERVICE = auto()


class Caller(NamedTuple):
    """Who is asking: a user by id, or a service (id 0), whose own credential goes on to the service that it asks."""

    user_id: int
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Known:
    """A token that was verified before."""

    caller: Caller
    expires: float


class Gate:
    """Reads the bearer of the request at hand.

    Args:
        keys: the keys of the users' tokens.
        mesh: the keys of the services' tokens.
        clock: seconds since the epoch.
    """

    def __init__(self, keys: Keyring, mesh: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._verifiers = {audience: Verifier(audience, mesh, clock) for audience in ("books", "orders")}
        self._clock = clock
        self._known: dict[str, Known] = {}

    def admit(self, access: Access, service: str) -> Caller:
        """The caller, when the row is for them.

        Args:
            access: who may use the row.
            service: the service behind it, the audience of a service's credential.

        Raises:
            Refusal: 401 when nobody knows who is asking, 403 when the row is not for them.
        """
        token = _bearer()
        try:
            caller = self._user(token)
        except Refusal as refused:
            if access is Access.USER or refused.message != INVALID:
                raise
            return self._service(token, service)
        if access is Access.SERVICE:
            raise Refusal(403, "This needs a service credential.")
        return caller

    def session(self, cookie: str) -> str | None:
        """The `sid` of the bearer or else of the refresh token, whose time may be over; None when neither is ours."""
        try:
            token = _bearer()
        except Refusal:
            token = cookie[:LONGEST]
        try:
            return str(uuid.UUID(self._decode(token)["sid"]))
        except MALFORMED:
            return None

    def _user(self, token: str) -> Caller:
        known = self._known.get(token)
        if known is None:
            known = self._verify(token)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[token] = known
        if known.expires <= self._clock():
            self._known.pop(token, None)
            raise Refusal(401, EXPIRED)
        return known.caller

    def _verify(self, token: str) -> Known:
        try:
            claims = self._decode(token)
            kind, expires = claims["type"], _moment(claims["exp"])
        except MALFORMED:
            raise Refusal(401, INVALID) from None
        if kind != "access":
            raise Refusal(401, EXPIRED if expires <= self._clock() else "Invalid token type")
        if not _is_user_id(claims["sub"]):
            raise Refusal(401, INVALID)
        return Known(Caller(int(claims["sub"])), expires)

    def _decode(self, token: str) -> dict[str, Any]:
        return self._keys.decode(token, OPTIONS, leeway=SKEW)

    def _service(self, token: str, service: str) -> Caller:
        try:
            self._verifiers[service].caller(token)
        except Unauthenticated as error:
            raise Refusal(401, EXPIRED if error.reason == "TOKEN_EXPIRED" else INVALID) from None
        return Caller(0, (("authorization", f"Bearer {token}"),))


def _bearer() -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise Refusal(401, "Missing Authorization header")
    if len(header) > LONGEST:
        raise Refusal(401, INVALID)
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise Refusal(401, "Invalid Authorization format")
    return token


def _moment(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _is_user_id(sub: object) -> bool:
    return isinstance(sub, str) and USER_ID.fullmatch(sub) is not None and int(sub) <= INT64
