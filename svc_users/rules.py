"""Pure decisions about accounts and sessions."""

from datetime import datetime, timedelta
from enum import Enum, auto

from mesh.errors import InvalidArgument

ACCESS_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=24)
GRACE = timedelta(seconds=10)
"""How long a used refresh token still answers its successor: for two tabs at once, and for replies that got lost."""


def canonical_email(email: str) -> str:
    """The one form in which an email is stored and compared.

    RFC 5321 lets the part before the `@` be case-sensitive, but no provider of any size gives two people one address.
    """
    return email.strip().lower()


def check_password_length(password: str, least: int) -> None:
    """Accepts a password that is long enough.

    Raises:
        InvalidArgument: when it is shorter than `least` characters.
    """
    if len(password) < least:
        message = f"Password must be at least {least} characters."
        raise InvalidArgument(message, "PASSWORD_TOO_SHORT", fields={"password": message})


class Reuse(Enum):
    """What a refresh token that was used before means."""

    SAME_SUCCESSOR = auto()
    THEFT = auto()


def judge_reuse(used_at: datetime, now: datetime) -> Reuse:
    """Tells a second tab from a thief (RFC 9700, section 4.14.2): the first comes at once."""
    return Reuse.SAME_SUCCESSOR if now - used_at <= GRACE else Reuse.THEFT
