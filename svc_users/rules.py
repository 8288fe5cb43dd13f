"""Pure decisions about accounts, sessions and log-ins, and the data that they are about."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from mesh.errors import InvalidArgument

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=24)
REUSE_GRACE_PERIOD = timedelta(seconds=10)
"""Time in which a used refresh token still returns its successor: for two tabs at once, and for lost responses."""
DEVICE_LIFETIME = timedelta(days=180)
"""Time after the last log-in from a device until it counts as unknown."""
MAX_CLOCK_SKEW = timedelta(seconds=5)
"""By how much the clock of another replica may be ahead."""


@dataclass(frozen=True, slots=True)
class User:
    """An account; `email` is in the form that `canonical_email` returns."""

    user_id: int
    username: str
    email: str
    password_hash: str = field(repr=False)
    created_at: datetime

    @property
    def identity(self) -> str:
        """Digest that only this account has, even if its id is given to another account after its deletion."""
        return digest(str(self.user_id), self.created_at.isoformat())

    @property
    def credentials(self) -> str:
        """Digest of the account and its password; a session ends when it changes."""
        return digest(self.identity, self.password_hash)


@dataclass(frozen=True, slots=True)
class Session:
    """A session with its current refresh token.

    Args:
        session_id: id of the session, the claim `sid` of its tokens.
        user_id: id of the user who logged in.
        token_id: id of the current refresh token, its claim `jti`.
        issued_at: time at which the current refresh token was issued.
        expires_at: time at which the session ends.
        credentials: the user's `credentials` when the session was opened; None for a session of an earlier release.
    """

    session_id: str
    user_id: int
    token_id: str
    issued_at: datetime
    expires_at: datetime
    credentials: str | None = field(default=None, repr=False)

    def belongs_to(self, user: User) -> bool:
        """Return whether the account is still the one that logged in, and has the same password."""
        return self.user_id == user.user_id and self.credentials in {None, user.credentials}


def canonical_email(email: str) -> str:
    """Return the form in which an email is stored and compared.

    RFC 5321 allows the part before the `@` to be case-sensitive, but no large provider gives addresses that differ
    only in case to different people.
    """
    return email.strip().lower()


def check_password_length(password: str, min_length: int) -> None:
    """Check that a password is long enough.

    Raises:
        InvalidArgument: it is shorter than `min_length` characters.
    """
    if len(password) < min_length:
        message = f"Password must be at least {min_length} characters."
        raise InvalidArgument(message, "PASSWORD_TOO_SHORT", fields={"password": message})


@dataclass(frozen=True, slots=True)
class ReusedToken:
    """A session that has ended because one of its refresh tokens was used again.

    Args:
        session_id: id of the session.
        user_id: id of its user.
    """

    session_id: str
    user_id: int


class TokenReuse(Enum):
    """The meaning of a refresh token that was used before."""

    RETRY = auto()
    THEFT = auto()


def classify_reuse(used_at: datetime, now: datetime) -> TokenReuse:
    """Tell a retry from a theft by the time since the first use (RFC 9700, section 4.14.2).

    A first use in the future means that the clock was set back. Then the time is unknown, and theft is assumed.
    """
    is_retry = -MAX_CLOCK_SKEW <= now - used_at <= REUSE_GRACE_PERIOD
    return TokenReuse.RETRY if is_retry else TokenReuse.THEFT


def emaildigest(email: str) -> str:
    """Return what is stored and logged instead of an email: some people type their password into its field."""
    return digest(email)


def digest(*parts: str) -> str:
    """Return the SHA-256 of several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
