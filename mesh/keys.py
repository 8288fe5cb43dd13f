"""Keys that sign and check JWTs, and how one key takes over from another."""

import hmac
from collections.abc import Sequence
from typing import Any

import jwt

ALGORITHM = "HS256"
SLIPPED = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
"""What gets past PyJWT's own errors on hostile input: NaN and infinite times, deep nesting, claims of odd types."""


class Keyring:
    """The key that signs, and the one before it (or after it), which still verifies.

    A token names its key (`kid`), so that each costs one check; tokens without a name are tried with every key.

    Args:
        current: the key that signs.
        previous: a key that is only good for checking.
    """

    def __init__(self, current: str, previous: str | None = None) -> None:
        self._current = current
        self._kid = key_id(current)
        self._keys = {key_id(key): key for key in (current, previous) if key}

    def encode(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        return jwt.encode(claims, self._current, ALGORITHM, headers={"kid": self._kid})

    def decode(
        self, token: str, options: jwt.types.Options, *, audience: str | None = None, leeway: float = 0
    ) -> dict[str, Any]:
        """The claims of a token that one of the keys has signed.

        Raises:
            PyJWTError: when it is anything else, however malformed.
        """
        try:
            *others, last = self._candidates(token)
            for key in others:
                try:
                    return _decoded(token, key, options, audience, leeway)
                except jwt.InvalidSignatureError:
                    continue
            return _decoded(token, last, options, audience, leeway)
        except SLIPPED:
            raise jwt.DecodeError from None

    def _candidates(self, token: str) -> Sequence[str]:
        header = jwt.get_unverified_header(token)
        return [self._keys[header["kid"]]] if "kid" in header else list(self._keys.values())


def key_id(key: str) -> str:
    """The public name of a key: it tells keys apart and gives nothing of them away."""
    return hmac.digest(key.encode(), b"key id v1", "sha256").hex()[:16]


def _decoded(token: str, key: str, options: jwt.types.Options, audience: str | None, leeway: float) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options, audience=audience, leeway=leeway)
    return claims
