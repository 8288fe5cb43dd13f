"""Pure decisions about accounts, sessions and log-ins, and the data that they are about."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from mesh.errors import InvalidArgument

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=24)
REUSE_GRACE_PERIOD = timedelta(seconds=10)
"""Time in which a used refresh token still returns its successor: for two tabs at once, and for lost responses."""
FAILURE_LIFETIME = timedelta(hours=24)
"""Time after the last failed log-in of an account until all of its failures are forgotten."""
MAX_DOUBLINGS = 32
"""Bound of the exponent of a delay: 2**32 seconds exceed every `max_delay`, and a timedelta can hold them."""


@dataclass(frozen=True, slots=True)
class User:
    """An account; `email` is in the form that `canonical_email` returns."""

    user_id: int
    username: str
    email: str
    password_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session with its current refresh token.

    Args:
        session_id: id of the session, the claim `sid` of its tokens.
        user_id: id of the user who logged in.
        token_id: id of the current refresh token, its claim `jti`.
        issued_at: time at which the current refresh token was issued.
        expires_at: time at which the session ends.
    """

    session_id: str
    user_id: int
    token_id: str
    issued_at: datetime
    expires_at: datetime


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
class LoginFailures:
    """The failed log-ins of an account in a row.

    Args:
        account: SHA-256 of the email, which need not have an account.
        count: number of failures.
        blocked_until: time before which no further log-in is allowed.
        expires_at: time at which the failures are forgotten.
    """

    account: str
    count: int
    blocked_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """How failed log-ins delay the next one.

    Args:
        free_attempts: number of failures in a row without a delay, for people who mistype.
        max_delay: upper bound of the delay, which begins at one second and doubles; zero turns delays off.
    """

    free_attempts: int
    max_delay: timedelta

    def delay_after(self, count: int) -> timedelta:
        """Return the delay after this number of failures in a row."""
        if count < self.free_attempts:
            return timedelta()
        doublings = min(count - self.free_attempts, MAX_DOUBLINGS)
        return min(timedelta(seconds=2**doublings), self.max_delay)

    def failures_after(self, account: str, count: int, now: datetime) -> LoginFailures:
        """Return what is stored after the failure with this number."""
        return LoginFailures(account, count, now + self.delay_after(count), now + FAILURE_LIFETIME)


class TokenReuse(Enum):
    """The meaning of a refresh token that was used before."""

    RETRY = auto()
    THEFT = auto()


def classify_reuse(used_at: datetime, now: datetime) -> TokenReuse:
    """Tell a retry from a theft by the time since the first use (RFC 9700, section 4.14.2)."""
    return TokenReuse.RETRY if now - used_at <= REUSE_GRACE_PERIOD else TokenReuse.THEFT
