"""Identity of callers: short-lived tokens that name the calling service and the service that it calls.

Every holder of the mesh's key can sign a token with any name. With TLS, a certificate must prove the name as well: the
one that the peer of the connection presents, or the one whose key has signed the token.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mesh import certified_tokens
from mesh.credentials import Credentials
from mesh.errors import Unauthenticated
from mesh.tls import dns_name

TOKEN_LIFETIME_SECONDS = 60
MAX_TOKEN_LIFETIME_SECONDS = 3600
"""Verifiers reject tokens with a longer lifetime: a stolen one would be valid for as long as its signer liked."""
MAX_CLOCK_SKEW_SECONDS = 5
"""By how much the signer's clock may be ahead. It may be behind by more: tokens are renewed at half of their time."""
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
        self._cache: dict[str, tuple[str, float, float]] = {}

    def token(self, audience: str, lifetime_seconds: int = TOKEN_LIFETIME_SECONDS) -> str:
        """Return a token that is valid for calls to `audience`."""
        now = self._clock()
        token, issued, renew_at = self._cache.get(audience, ("", 0.0, 0.0))
        if not issued <= now < renew_at:  # a clock that is set back makes `iat` a time of the future
            token = self._keys.encode(self._claims(audience, lifetime_seconds))
            self._cache[audience] = (token, now, now + lifetime_seconds / 2)
        return token

    def portable_token(self, audience: str, lifetime_seconds: int = TOKEN_LIFETIME_SECONDS) -> str:
        """Return a token that the gateway may pass on: with TLS, the key of the service's certificate signs it.

        Raises:
            ConfigError: the certificate of the service cannot be read.
        """
        if self.credentials.tls is None:
            return self.token(audience, lifetime_seconds)
        return certified_tokens.encode(self.credentials.tls, self.name, self._claims(audience, lifetime_seconds))

    def _claims(self, audience: str, lifetime_seconds: int) -> dict[str, object]:
        now = int(self._clock())
        return {"iss": self.name, "aud": audience, "iat": now, "exp": now + lifetime_seconds}


class Verifier:
    """Reads the caller's name from tokens, and caches the tokens that it has verified.

    Args:
        audience: the service that is called, the `aud` claim.
        secret: the mesh's key, or the credentials of the service.
        clock: returns the seconds since the epoch.
    """

    def __init__(self, audience: str, secret: str | Credentials, clock: Callable[[], float] = time.time) -> None:
        credentials = Credentials.of(secret)
        self._audience = audience
        self._keys = credentials.keyring()
        self._tls = credentials.tls
        self._clock = clock
        self._cache: dict[tuple[str, frozenset[str]], tuple[str, float, float]] = {}
        self._lock = threading.Lock()

    def caller(self, token: str, peer_names: frozenset[str] | None = None) -> str:
        """Return the name of the service that signed the token.

        Args:
            token: the JWT.
            peer_names: the DNS names in the certificate that the peer has presented, if any. Without TLS they do not
                matter.

        Raises:
            Unauthenticated: the token is forged, expired, incomplete, valid for too long, or meant for another service;
                or with TLS, no certificate proves the name.
        """
        key = (token, peer_names or frozenset())
        name, issued, expires = self._cache.get(key, ("", 0.0, 0.0))
        if issued - MAX_CLOCK_SKEW_SECONDS <= self._clock() < expires:
            return name
        verified = self._verify(*key)
        with self._lock:
            if len(self._cache) >= MAX_CACHED_TOKENS:
                self._cache.clear()
            self._cache[key] = verified
        return verified[0]

    def _verify(self, token: str, peer_names: frozenset[str]) -> tuple[str, float, float]:
        """Return the name in a token, the time at which it was issued, and the time at which it expires."""
        try:
            claims, names = self._decode(token)
            name, issued, expires = str(claims["iss"]), float(claims["iat"]), float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID") from None
        if not (math.isfinite(expires) and expires - issued <= MAX_TOKEN_LIFETIME_SECONDS):
            raise Unauthenticated("The mesh token is not valid for this service.", "TOKEN_INVALID")
        if expires <= self._clock():
            raise Unauthenticated("The mesh token has expired.", "TOKEN_EXPIRED")
        if self._tls is not None and dns_name(name) not in (peer_names if names is None else names):
            raise Unauthenticated("No certificate proves the name in the mesh token.", "TOKEN_INVALID")
        return name, issued, expires

    def _decode(self, token: str) -> tuple[dict[str, Any], frozenset[str] | None]:
        """Return the claims of a token, and the names in the certificate that it names, if any."""
        if self._tls is not None and certified_tokens.is_certified(token):
            return certified_tokens.decode(
                self._tls,
                token,
                DECODE_OPTIONS,
                self._clock(),
                audience=self._audience,
                leeway=MAX_CLOCK_SKEW_SECONDS,
            )
        return self._keys.decode(token, DECODE_OPTIONS, audience=self._audience, leeway=MAX_CLOCK_SKEW_SECONDS), None
