"""Slows down whoever guesses passwords, an account at a time; what it knows is in the database, for all replicas."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import Database, retry_transaction
from mesh.errors import ResourceExhausted
from svc_users.models import LoginFailures
from svc_users.rules import FORGOTTEN_AFTER, Patience

KNOWN = select(LoginFailures.__table__).where(LoginFailures.account == bindparam("key"))


@dataclass(frozen=True)
class Attempt:
    """A log-in that may be tried.

    Args:
        account: whose.
        failures: how many have failed before it.
        counted: whether it counts as failed already, until it succeeds.
    """

    account: str
    failures: int
    counted: bool


class Throttle:
    """Counts failed log-ins, whether the account exists or not.

    An account that has used up its free attempts gets one at a time: each is counted before the password is looked
    at, so that a thousand guesses at once are one guess. Attempts that come too early count for nothing: nobody can
    keep the owner out by hammering, and whoever is logged in stays so.

    Args:
        database: where the counts are.
        patience: how many attempts are free, and how long the others wait.
    """

    def __init__(self, database: Database, patience: Patience) -> None:
        self._database = database
        self._patience = patience

    def begin(self, email: str, now: datetime) -> Attempt:
        """Lets an attempt begin.

        Raises:
            ResourceExhausted: when it comes too early, with the seconds to wait.
        """
        account = hashlib.sha256(email.encode()).hexdigest()  # some people type their password into the wrong field
        with self._database.read() as connection:
            known = connection.execute(KNOWN, {"key": account}).one_or_none()
        if known is None or known.forget_at <= now:
            return Attempt(account, 0, counted=False)
        if known.blocked_until > now:
            raise too_early((known.blocked_until - now).total_seconds())
        if not self._patience.delay_after(known.failures):
            return Attempt(account, known.failures, counted=False)
        self._reserve(account, known.failures, now)
        return Attempt(account, known.failures + 1, counted=True)

    def failed(self, attempt: Attempt, now: datetime) -> None:
        """Counts an attempt that failed, and forgets what is long past."""
        while not attempt.counted:
            try:
                self._count(attempt.account, now)
            except IntegrityError:  # another first failure came in between: now there is a row to add to
                continue
            return

    @retry_transaction
    def succeeded(self, attempt: Attempt) -> None:
        """Forgets the failures before the right password."""
        if attempt.failures:
            with self._database.write() as transaction:
                transaction.execute(delete(LoginFailures).where(LoginFailures.account == attempt.account))
                transaction.commit()

    @retry_transaction
    def _count(self, account: str, now: datetime) -> None:
        its_own = LoginFailures.account == account
        with self._database.write() as transaction:
            transaction.execute(delete(LoginFailures).where(LoginFailures.forget_at <= now))
            known = transaction.execute(KNOWN.with_for_update(), {"key": account}).one_or_none()
            if known:
                values = self._values(known.failures + 1, now)
                transaction.execute(update(LoginFailures).where(its_own).values(values))
            else:
                transaction.execute(insert(LoginFailures).values(account=account, **self._values(1, now)))
            transaction.commit()

    @retry_transaction
    def _reserve(self, account: str, failures: int, now: datetime) -> None:
        values = self._values(failures + 1, now)
        unchanged = LoginFailures.account == account, LoginFailures.failures == failures
        with self._database.write() as transaction:
            won = transaction.execute(update(LoginFailures).where(*unchanged).values(values)).rowcount
            transaction.commit()
        if not won:
            raise too_early(self._patience.delay_after(failures + 1).total_seconds())

    def _values(self, failures: int, now: datetime) -> dict[str, object]:
        delay = self._patience.delay_after(failures)
        return {"failures": failures, "blocked_until": now + delay, "forget_at": now + FORGOTTEN_AFTER}


def too_early(seconds: float) -> ResourceExhausted:
    """What an attempt gets that should have waited."""
    wait = max(1, math.ceil(seconds))
    message = f"Too many failed log-ins. Please try again in {wait} {'second' if wait == 1 else 'seconds'}."
    return ResourceExhausted(message, "LOGIN_THROTTLED", metadata={"retry_after": str(wait)})
