"""The keys that sign and verify JWTs, and their rotation."""

import hmac
from collections.abc import Sequence
from typing import Any

import jwt

ALGORITHM = "HS256"
MALFORMED_TOKEN_ERRORS = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
"""What PyJWT raises besides its own errors for hostile tokens: NaN and infinite times, deep nesting, odd types."""


class Keyring:
    """The key that signs tokens, and a second one that still verifies them while keys are rotated.

    A token names its key (`kid`), so that it is verified once; a token without a `kid` is tried with every key.

    Args:
        current: the key that signs.
        previous: a key that only verifies.
    """

    def __init__(self, current: str, previous: str | None = None) -> None:
        self._current = current
        self._kid = key_id(current)
        self._keys = {key_id(key): key for key in (current, previous) if key}

    def encode(self, claims: dict[str, Any]) -> str:
        """Return a signed token with these claims."""
        return jwt.encode(claims, self._current, ALGORITHM, headers={"kid": self._kid})

    def decode(
        self, token: str, options: jwt.types.Options, *, audience: str | None = None, leeway: float = 0
    ) -> dict[str, Any]:
        """Return the claims of a token that one of the keys has signed.

        Args:
            token: the JWT.
            options: which claims PyJWT requires and verifies.
            audience: the expected `aud` claim.
            leeway: tolerance for `exp` and `iat`, in seconds.

        Raises:
            PyJWTError: the token is malformed, expired, or signed with another key.
        """
        try:
            *others, last = self._candidate_keys(token)
            for key in others:
                try:
                    return _decode(token, key, options, audience, leeway)
                except jwt.InvalidSignatureError:
                    continue
            return _decode(token, last, options, audience, leeway)
        except MALFORMED_TOKEN_ERRORS:
            raise jwt.DecodeError from None

    def _candidate_keys(self, token: str) -> Sequence[str]:
        header = jwt.get_unverified_header(token)
        return [self._keys[header["kid"]]] if "kid" in header else list(self._keys.values())


def key_id(key: str) -> str:
    """Return the public id of a key: it tells keys apart and reveals nothing about them."""
    return hmac.digest(key.encode(), b"key id v1", "sha256").hex()[:16]


def _decode(token: str, key: str, options: jwt.types.Options, audience: str | None, leeway: float) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options, audience=audience, leeway=leeway)
    return claims
