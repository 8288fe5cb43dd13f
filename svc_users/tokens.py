"""The JWTs of a session: an access token for the gateway, a refresh token for this service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from mesh.errors import InvalidArgument, Unauthenticated
from mesh.keys import Keyring
from svc_users.rules import ACCESS_LIFETIME

OPTIONS: jwt.types.Options = {"require": ["exp", "iat", "sub", "type"]}


@dataclass(frozen=True)
class Owner:
    """Whose tokens they are."""

    user_id: int
    username: str


@dataclass(frozen=True)
class Session:
    """One step of a session: the refresh token that is valid now."""

    jti: str
    family: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """Makes and reads the tokens.

    Args:
        keys: the keys that sign and verify them, shared with the gateway.
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def access(self, owner: Owner, session: Session, now: datetime) -> str:
        """A token for the Authorization header."""
        return self._encode(owner, session, "access", now, min(now + ACCESS_LIFETIME, session.expires_at))

    def refresh(self, owner: Owner, session: Session) -> str:
        """The token for the cookie; the same session step always gives the same token."""
        return self._encode(owner, session, "refresh", session.issued_at, session.expires_at, jti=session.jti)

    def read_refresh(self, token: str) -> str:
        """The id (`jti`) of a refresh token.

        Raises:
            Unauthenticated: when it is missing, expired or not ours.
            InvalidArgument: when it is a token of another type.
        """
        if not token:
            raise Unauthenticated("Missing refresh token.", "REFRESH_MISSING")
        try:
            claims = self._keys.decode(token, OPTIONS)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("Refresh token expired.", "REFRESH_EXPIRED") from None
        except jwt.PyJWTError:
            raise invalid_refresh() from None
        if claims["type"] != "refresh":
            raise InvalidArgument("Invalid token type", "TOKEN_TYPE")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise invalid_refresh()
        return jti

    def _encode(
        self, owner: Owner, session: Session, kind: str, issued: datetime, expires: datetime, **more: str
    ) -> str:
        claims: dict[str, Any] = {
            "sub": str(owner.user_id),
            "name": owner.username,
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
            "type": kind,
            "sid": session.family,
            **more,
        }
        return self._keys.encode(claims)


def invalid_refresh() -> Unauthenticated:
    """What every refresh token gets that is not, or no longer, good."""
    return Unauthenticated("Invalid refresh token.", "REFRESH_INVALID")
