"""Who is calling: short-lived tokens that name the calling service and the one it calls."""

import math
import threading
import time
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mesh.credentials import Credentials
from mesh.errors import Unauthenticated

LIFETIME = 60
"""Seconds that a token is good for."""
REMEMBERED = 1024
"""Verified tokens kept at most; each caller needs one a minute."""
OPTIONS: jwt.types.Options = {
    "require": ["iss", "aud", "iat", "exp"],
    "verify_exp": False,  # by our own clock
    "strict_aud": True,  # one service, no list of them
}


def derive_secret(secret: str) -> str:
    """The mesh's own key, derived from another secret by HKDF (RFC 5869) so that neither signs for the other."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"mesh identity v1").derive(secret.encode())
    return derived.hex()


class Signer:
    """Makes the tokens of one service and keeps each until half of its life is over.

    Args:
        name: the calling service, the `iss` claim.
        secret: the mesh's key, or all that the service proves itself with.
        clock: seconds since the epoch.
    """

    def __init__(self, name: str, secret: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        self.name = name
        self.credentials = Credentials.of(secret)
        self._keys = self.credentials.keyring()
        self._clock = clock
        self._kept: dict[str, tuple[str, float]] = {}

    def token(self, audience: str, lifetime: int = LIFETIME) -> str:
        """A token that is good for calling `audience`."""
        now = self._clock()
        token, renew_at = self._kept.get(audience, ("", 0.0))
        if now >= renew_at:
            claims = {"iss": self.name, "aud": audience, "iat": int(now), "exp": int(now) + lifetime}
            token = self._keys.encode(claims)
            self._kept[audience] = (token, now + lifetime / 2)
        return token


class Verifier:
    """Reads the callers' names from tokens, and remembers those that it has checked.

    Args:
        audience: the service that is called, the `aud` claim.
        secret: the mesh's key, or all that the service knows others by.
        clock: seconds since the epoch.
    """

    def __init__(self, audience: str, secret: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        self._audience = audience
        self._keys = Credentials.of(secret).keyring()
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def caller(self, token: str) -> str:
        """Name of the service that made the token.

        Raises:
            Unauthenticated: when the token is forged, expired, incomplete or meant for another service.
        """
        name, expires = self._known.get(token, ("", 0.0))
        if self._clock() < expires:
            return name
        name, expires = self._decode(token)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[token] = (name, expires)
        return name

    def _decode(self, token: str) -> tuple[str, float]:
        try:
            claims = self._keys.decode(token, OPTIONS, audience=self._audience)
            name, expires = str(claims["iss"]), float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID") from None
        if not math.isfinite(expires):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID")
        if expires <= self._clock():
            raise Unauthenticated("The mesh token has expired.", "TOKEN_EXPIRED")
        return name, expires
