"""The JWTs of users: access tokens for the gateway, refresh and device tokens for this service."""

from datetime import datetime
from typing import Any

import jwt

from mesh.errors import InvalidArgument, Unauthenticated
from mesh.keys import Keyring
from svc_users.errors import invalid_refresh_token
from svc_users.rules import ACCESS_TOKEN_LIFETIME, DEVICE_LIFETIME, MAX_CLOCK_SKEW, Session, User, digest

DECODE_OPTIONS: jwt.types.Options = {"require": ["exp", "iat", "sub", "type"]}


class SessionTokens:
    """Creates and reads the tokens of sessions.

    Args:
        keys: the keys that sign and verify tokens, shared with the gateway.
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def access_token(self, user: User, session: Session, now: datetime) -> str:
        """Return a token for the Authorization header. It expires after 15 minutes, or with the session."""
        expires_at = min(now + ACCESS_TOKEN_LIFETIME, session.expires_at)
        return self._encode(user, session, "access", now, expires_at)

    def refresh_token(self, user: User, session: Session) -> str:
        """Return the token for the cookie; it is the same in every call with the same session."""
        return self._encode(user, session, "refresh", session.issued_at, session.expires_at, jti=session.token_id)

    def read_refresh_token(self, token: str) -> str:
        """Return the id (`jti`) of a refresh token.

        Raises:
            Unauthenticated: it is missing, expired or not valid.
            InvalidArgument: it is a valid token of another type.
        """
        if not token:
            raise Unauthenticated("Missing refresh token.", "REFRESH_MISSING")
        try:
            claims = self._decode(token)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("Refresh token expired.", "REFRESH_EXPIRED") from None
        except jwt.PyJWTError:
            raise invalid_refresh_token() from None
        if claims["type"] != "refresh":
            raise InvalidArgument("Invalid token type", "TOKEN_TYPE")
        token_id = claims.get("jti")
        if not isinstance(token_id, str) or not token_id:
            raise invalid_refresh_token()
        return token_id

    def device_token(self, user: User, device_id: str, now: datetime) -> str:
        """Return the token by which the device is known at later log-ins of the account (an OWASP device cookie)."""
        claims = {
            "sub": str(user.user_id),
            "account": user.identity,
            "email": digest(user.email),
            "iat": int(now.timestamp()),
            "exp": int((now + DEVICE_LIFETIME).timestamp()),
            "type": "device",
            "jti": device_id,
        }
        return self._keys.encode(claims)

    def is_device_token(self, token: str, email: str) -> bool:
        """Return whether the token is a device token of the account that had this email when it was created."""
        try:
            claims = self._decode(token)
        except jwt.PyJWTError:
            return False
        return claims["type"] == "device" and claims.get("email") == digest(email)

    def read_device_token(self, token: str, user: User) -> str:
        """Return the id of the device if the token is valid for the account, and else an empty text."""
        try:
            claims = self._decode(token)
        except jwt.PyJWTError:
            return ""
        device_id = claims.get("jti")
        is_valid = claims["type"] == "device" and claims.get("account") == user.identity and isinstance(device_id, str)
        return str(device_id) if is_valid else ""

    def _decode(self, token: str) -> dict[str, Any]:
        # Another replica's clock, which has set `iat`, may be ahead.
        return self._keys.decode(token, DECODE_OPTIONS, leeway=MAX_CLOCK_SKEW.total_seconds())

    def _encode(
        self, user: User, session: Session, token_type: str, issued_at: datetime, expires_at: datetime, **more: str
    ) -> str:
        claims: dict[str, Any] = {
            "sub": str(user.user_id),
            "name": user.username,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "type": token_type,
            "sid": session.session_id,
            **more,
        }
        return self._keys.encode(claims)
