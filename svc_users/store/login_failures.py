"""Reads and counts failed log-ins."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import Database, retry_transaction
from svc_users.rules import LoginFailures, ThrottlePolicy
from svc_users.store.tables import LoginFailuresRow

SELECT_FAILURES = select(
    LoginFailuresRow.account, LoginFailuresRow.failures, LoginFailuresRow.blocked_until, LoginFailuresRow.forget_at
).where(LoginFailuresRow.account == bindparam("key"))
LOCK_FAILURES = SELECT_FAILURES.with_for_update()
INSERT_FAILURES = insert(LoginFailuresRow)
UPDATE_FAILURES = update(LoginFailuresRow).where(LoginFailuresRow.account == bindparam("key"))
REPLACE_FAILURES = UPDATE_FAILURES.where(LoginFailuresRow.failures == bindparam("old_count"))
DELETE_FAILURES = delete(LoginFailuresRow).where(LoginFailuresRow.account == bindparam("key"))
DELETE_EXPIRED = delete(LoginFailuresRow).where(LoginFailuresRow.forget_at <= bindparam("now"))


class LoginFailureStore:
    """Reads and counts failed log-ins.

    Args:
        database: the database with the failures.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account: str) -> LoginFailures | None:
        """Return the failures of an account, if there are any."""
        with self._database.read() as connection:
            row = connection.execute(SELECT_FAILURES, {"key": account}).one_or_none()
        return LoginFailures(*row) if row else None

    def add(self, account: str, policy: ThrottlePolicy, now: datetime) -> None:
        """Count one more failure of an account, and delete the failures of all accounts that have expired."""
        while True:
            try:
                return self._add(account, policy, now)
            except IntegrityError:  # a concurrent call has inserted the row, which the next attempt updates
                continue

    @retry_transaction
    def replace(self, old: LoginFailures, new: LoginFailures) -> bool:
        """Replace the failures of an account, and return whether the number of failures was still the old one."""
        with self._database.write() as transaction:
            values = {"key": old.account, "old_count": old.count, **_values(new)}
            changed_rows = transaction.execute(REPLACE_FAILURES, values).rowcount
            transaction.commit()
        return bool(changed_rows)

    @retry_transaction
    def delete(self, account: str) -> None:
        """Delete the failures of an account."""
        with self._database.write() as transaction:
            transaction.execute(DELETE_FAILURES, {"key": account})
            transaction.commit()

    @retry_transaction
    def _add(self, account: str, policy: ThrottlePolicy, now: datetime) -> None:
        with self._database.write() as transaction:
            transaction.execute(DELETE_EXPIRED, {"now": now})
            row = transaction.execute(LOCK_FAILURES, {"key": account}).one_or_none()
            if row is None:
                new = policy.failures_after(account, 1, now)
                transaction.execute(INSERT_FAILURES, {"account": account, **_values(new)})
            else:
                new = policy.failures_after(account, LoginFailures(*row).count + 1, now)
                transaction.execute(UPDATE_FAILURES, {"key": account, **_values(new)})
            transaction.commit()


def _values(failures: LoginFailures) -> dict[str, object]:
    return {
        "failures": failures.count,
        "blocked_until": failures.blocked_until,
        "forget_at": failures.expires_at,
    }
