"""Identity of callers: short-lived tokens that name the calling service and the service that it calls."""

import math
import threading
import time
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mesh.credentials import Credentials
from mesh.errors import Unauthenticated

TOKEN_LIFETIME_SECONDS = 60
MAX_TOKEN_LIFETIME_SECONDS = 3600
"""Verifiers reject tokens with a longer lifetime: a stolen one would be valid for as long as its signer liked."""
MAX_CLOCK_SKEW_SECONDS = 5
"""By how much the signer's clock may be ahead."""
MAX_CACHED_TOKENS = 1024
"""Verified tokens that are cached; each caller needs one per minute."""
DECODE_OPTIONS: jwt.types.Options = {
    "require": ["iss", "aud", "iat", "exp"],
    "verify_exp": False,  # the verifier's own clock decides
    "strict_aud": True,  # one service, not a list
}


def derive_secret(secret: str) -> str:
    """Return a key derived by HKDF (RFC 5869), so that tokens signed with either key are invalid for the other."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"mesh identity v1").derive(secret.encode())
    return derived.hex()


class Signer:
    """Signs the tokens of one service, and reuses each until half of its lifetime is over.

    Args:
        name: the calling service, the `iss` claim.
        secret: the mesh's key, or the credentials of the service.
        clock: returns the seconds since the epoch.
    """

    def __init__(self, name: str, secret: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        self.name = name
        self.credentials = Credentials.of(secret)
        self._keys = self.credentials.keyring()
        self._clock = clock
        self._cache: dict[str, tuple[str, float]] = {}

    def token(self, audience: str, lifetime_seconds: int = TOKEN_LIFETIME_SECONDS) -> str:
        """Return a token that is valid for calls to `audience`."""
        now = self._clock()
        token, renew_at = self._cache.get(audience, ("", 0.0))
        if now >= renew_at:
            claims = {"iss": self.name, "aud": audience, "iat": int(now), "exp": int(now) + lifetime_seconds}
            token = self._keys.encode(claims)
            self._cache[audience] = (token, now + lifetime_seconds / 2)
        return token


class Verifier:
    """Reads the caller's name from tokens, and caches the tokens that it has verified.

    Args:
        audience: the service that is called, the `aud` claim.
        secret: the mesh's key, or the credentials of the service.
        clock: returns the seconds since the epoch.
    """

    def __init__(self, audience: str, secret: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        self._audience = audience
        self._keys = Credentials.of(secret).keyring()
        self._clock = clock
        self._cache: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def caller(self, token: str) -> str:
        """Return the name of the service that signed the token.

        Raises:
            Unauthenticated: the token is forged, expired, incomplete, valid for too long, or meant for another service.
        """
        name, expires = self._cache.get(token, ("", 0.0))
        if self._clock() < expires:
            return name
        name, expires = self._decode(token)
        with self._lock:
            if len(self._cache) >= MAX_CACHED_TOKENS:
                self._cache.clear()
            self._cache[token] = (name, expires)
        return name

    def _decode(self, token: str) -> tuple[str, float]:
        try:
            claims = self._keys.decode(token, DECODE_OPTIONS, audience=self._audience, leeway=MAX_CLOCK_SKEW_SECONDS)
            name, issued, expires = str(claims["iss"]), float(claims["iat"]), float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID") from None
        if not (math.isfinite(expires) and expires - issued <= MAX_TOKEN_LIFETIME_SECONDS):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID")
        if expires <= self._clock():
            raise Unauthenticated("The mesh token has expired.", "TOKEN_EXPIRED")
        return name, expires
