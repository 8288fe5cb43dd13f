"""Slows down guessing of passwords, for each account separately; the counts are in the database, for all replicas."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

from mesh.errors import ResourceExhausted
from svc_users.rules import ThrottlePolicy
from svc_users.store.login_failures import LoginFailureStore


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A log-in that is allowed.

    Args:
        account: SHA-256 of the email.
        stored_failures: number of failures that are stored for the account, with this attempt if it is counted.
        counted: whether the attempt is stored as a failure already, until it succeeds.
    """

    account: str
    stored_failures: int
    counted: bool


class LoginThrottle:
    """Counts failed log-ins, whether or not the account exists.

    After its free attempts an account gets one attempt at a time: each is counted before the password is checked, so
    that a thousand guesses at once are one guess. Attempts that come too early are not counted: an attacker cannot
    lock out the owner of the account, and open sessions are not affected.

    Args:
        store: the stored failures.
        policy: the number of free attempts and the delays.
    """

    def __init__(self, store: LoginFailureStore, policy: ThrottlePolicy) -> None:
        self._store = store
        self._policy = policy

    def begin(self, email: str, now: datetime) -> LoginAttempt:
        """Allow a log-in.

        Raises:
            ResourceExhausted: it comes too early; the metadata contains the seconds to wait.
        """
        account = hashlib.sha256(email.encode()).hexdigest()  # some people type their password into the wrong field
        failures = self._store.get(account)
        if failures is None or failures.expires_at <= now:
            return LoginAttempt(account, 0, counted=False)
        if failures.blocked_until > now:
            raise login_throttled((failures.blocked_until - now).total_seconds())
        if not self._policy.delay_after(failures.count):
            return LoginAttempt(account, failures.count, counted=False)
        count = failures.count + 1
        if not self._store.replace(failures, self._policy.failures_after(account, count, now)):
            raise login_throttled(self._policy.delay_after(count).total_seconds())
        return LoginAttempt(account, count, counted=True)

    def fail(self, attempt: LoginAttempt, now: datetime) -> None:
        """Count an attempt as failed."""
        if not attempt.counted:
            self._store.add(attempt.account, self._policy, now)

    def succeed(self, attempt: LoginAttempt) -> None:
        """Forget the failures of the account."""
        if attempt.stored_failures:
            self._store.delete(attempt.account)


def login_throttled(delay_seconds: float) -> ResourceExhausted:
    """Return the error for a log-in that comes too early."""
    seconds = max(1, math.ceil(delay_seconds))
    message = f"Too many failed log-ins. Please try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
    return ResourceExhausted(message, "LOGIN_THROTTLED", metadata={"retry_after": str(seconds)})
