"""Pure decisions about accounts and sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from mesh.errors import InvalidArgument

ACCESS_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=24)
GRACE = timedelta(seconds=10)
"""How long a used refresh token still answers its successor: for two tabs at once, and for replies that got lost."""
FORGOTTEN_AFTER = timedelta(hours=24)
"""How long failed log-ins are held against an account after the last of them."""


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


@dataclass(frozen=True)
class Patience:
    """How failed log-ins slow down the next one.

    Args:
        free: failures in a row after which there is no delay yet; people mistype.
        longest: the delay doubles from a second up to this; zero never delays.
    """

    free: int
    longest: timedelta

    def delay_after(self, failures: int) -> timedelta:
        """How long the account rests after that many failures in a row."""
        if failures < self.free:
            return timedelta()
        doublings = min(failures - self.free, 32)  # far beyond any `longest`, and no number to overflow
        return min(timedelta(seconds=2**doublings), self.longest)


class Reuse(Enum):
    """What a refresh token that was used before means."""

    SAME_SUCCESSOR = auto()
    THEFT = auto()


def judge_reuse(used_at: datetime, now: datetime) -> Reuse:
    """Tells a second tab from a thief (RFC 9700, section 4.14.2): the first comes at once."""
    return Reuse.SAME_SUCCESSOR if now - used_at <= GRACE else Reuse.THEFT
