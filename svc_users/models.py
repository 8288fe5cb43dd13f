"""Tables of accounts and sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import TABLE_OPTIONS, Base
from database.types import UtcDateTime


class User(Base):
    """An account; the email is in its one stored form, so that comparing it is plain equality."""

    __tablename__ = "Users"
    __table_args__ = (TABLE_OPTIONS,)

    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    username: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefreshToken(Base):
    """One refresh token of a session; all tokens that grew from one log-in are a family."""

    __tablename__ = "RefreshTokens"
    __table_args__ = (TABLE_OPTIONS,)

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    family: Mapped[str] = mapped_column(String(36), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.user_id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    successor: Mapped[str | None] = mapped_column(String(36))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginFailures(Base):
    """Failed log-ins of an account that may not even exist; `account` is the SHA-256 of the email that was sent."""

    __tablename__ = "LoginFailures"
    __table_args__ = (TABLE_OPTIONS,)

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until: Mapped[datetime] = mapped_column(UtcDateTime)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
