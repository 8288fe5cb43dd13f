"""The security log: who logged in and out from which address, and what was refused.

An account is named by its id; a log-in without one by the digest of the email, never by the email, which some people
confuse with their password. Addresses are parsed and written anew, so that no text of a client reaches a line.
"""

from ipaddress import IPv6Address, ip_address

from mesh import logs
from svc_users.rules import ReusedToken, Session, User, digest

DIGEST_LENGTH = 16
"""Hexadecimal digits of an email's digest in the log."""

log = logs.get("users.security")


def registered(user: User, address: str) -> None:
    """Log a new account."""
    log.info("registered", user_id=user.user_id, address=_clean(address))


def logged_in(user: User, session: Session, address: str, *, known_device: bool) -> None:
    """Log a successful log-in."""
    log.info(
        "logged in",
        user_id=user.user_id,
        session_id=session.session_id,
        known_device=known_device,
        address=_clean(address),
    )


def login_failed(email: str, user: User | None, address: str) -> None:
    """Log a wrong password, or an email without an account."""
    log.warning("log-in failed", **_account(email, user), address=_clean(address))


def login_throttled(email: str, user: User | None, address: str, reason: str) -> None:
    """Log a log-in that came too early after failures of the account or of the address."""
    log.warning("log-in throttled", **_account(email, user), reason=reason, address=_clean(address))


def token_reused(reused: ReusedToken, address: str) -> None:
    """Log that a session has ended because a refresh token was used again."""
    log.warning("refresh token reused", user_id=reused.user_id, session_id=reused.session_id, address=_clean(address))


def credentials_changed(session: Session, address: str) -> None:
    """Log that a session has ended because the stored password or the account is another one than at the log-in."""
    log.warning(
        "session ended after a password change",
        user_id=session.user_id,
        session_id=session.session_id,
        address=_clean(address),
    )


def logged_out(user_id: int | None, session_id: str, address: str) -> None:
    """Log a log-out; without a user the session has ended long ago."""
    log.info("logged out", user_id=user_id, session_id=session_id, address=_clean(address))


def _account(email: str, user: User | None) -> dict[str, int | str]:
    return {"user_id": user.user_id} if user else {"email_digest": digest(email)[:DIGEST_LENGTH]}


def _clean(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(IPv6Address(int(parsed)) if isinstance(parsed, IPv6Address) else parsed)  # without a zone, a free text
