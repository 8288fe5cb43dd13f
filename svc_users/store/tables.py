"""Tables of accounts, refresh tokens and failed log-ins."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import TABLE_OPTIONS, Base
from database.types import UtcDateTime


class UserRow(Base):
    """An account. The email is stored in its canonical form, so that equal addresses are equal texts."""

    __tablename__ = "Users"
    __table_args__ = (TABLE_OPTIONS,)

    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    username: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefreshTokenRow(Base):
    """A refresh token of a session.

    All tokens of a session have the same `family`, the session's id. `successor` is the `jti` of the token that
    replaced this one. `credentials` is a digest of the account and its password at the log-in.
    """

    __tablename__ = "RefreshTokens"
    __table_args__ = (TABLE_OPTIONS,)

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    family: Mapped[str] = mapped_column(String(36), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.user_id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    successor: Mapped[str | None] = mapped_column(String(36))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    credentials: Mapped[str | None] = mapped_column(String(64))


class LoginFailuresRow(Base):
    """The failed log-ins of an account from one network or known device.

    `account` is the digest of the email, which need not have an account, and of the network or device.
    """

    __tablename__ = "LoginFailures"
    __table_args__ = (TABLE_OPTIONS,)

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until: Mapped[datetime] = mapped_column(UtcDateTime)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    turn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountFailuresRow(Base):
    """The failed log-ins of an account from all unknown devices; `account` is the SHA-256 of the email."""

    __tablename__ = "AccountLoginFailures"
    __table_args__ = (TABLE_OPTIONS,)

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    next_turn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
