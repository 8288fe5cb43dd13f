"""Reads and changes the counters of failed log-ins."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import Database, retry_transaction
from svc_users.store.tables import AccountFailuresRow, LoginFailuresRow
from svc_users.throttle_rules import AccountFailures, Counters, LoginFailures, LoginKey

ResultT = TypeVar("ResultT")
Change = Callable[[Counters], tuple[Counters, ResultT]]
"""Returns the new counters, and the result of the transaction."""

SELECT_OWN = select(
    LoginFailuresRow.account,
    LoginFailuresRow.failures,
    LoginFailuresRow.blocked_until,
    LoginFailuresRow.forget_at,
    LoginFailuresRow.turn_at,
).where(LoginFailuresRow.account == bindparam("key"))
SELECT_ACCOUNT = select(
    AccountFailuresRow.account,
    AccountFailuresRow.failures,
    AccountFailuresRow.next_turn_at,
    AccountFailuresRow.forget_at,
).where(AccountFailuresRow.account == bindparam("key"))
LOCK_OWN, LOCK_ACCOUNT = SELECT_OWN.with_for_update(), SELECT_ACCOUNT.with_for_update()
INSERT_OWN, INSERT_ACCOUNT = insert(LoginFailuresRow), insert(AccountFailuresRow)
UPDATE_OWN = update(LoginFailuresRow).where(LoginFailuresRow.account == bindparam("key"))
UPDATE_ACCOUNT = update(AccountFailuresRow).where(AccountFailuresRow.account == bindparam("key"))
DELETE_OWN = delete(LoginFailuresRow).where(LoginFailuresRow.account == bindparam("key"))
DELETE_ACCOUNT = delete(AccountFailuresRow).where(AccountFailuresRow.account == bindparam("key"))
DELETE_EXPIRED = (
    delete(AccountFailuresRow).where(AccountFailuresRow.forget_at <= bindparam("now")),
    delete(LoginFailuresRow).where(LoginFailuresRow.forget_at <= bindparam("now")),
)


class LoginFailureStore:
    """Reads and changes the counters of failed log-ins.

    Args:
        database: the database with the counters.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: LoginKey) -> Counters:
        """Return the counters of a log-in."""
        with self._database.read() as connection:
            own = connection.execute(SELECT_OWN, {"key": key.own}).one_or_none()
            account = connection.execute(SELECT_ACCOUNT, {"key": key.account}).one_or_none() if key.account else None
        return Counters(own and LoginFailures(*own), account and AccountFailures(*account))

    def change(self, key: LoginKey, now: datetime, change: Change[ResultT]) -> ResultT:
        """Replace the counters of a log-in by what `change` returns for them, in one transaction.

        It also deletes the counters of all log-ins whose failures are forgotten.
        """
        while True:
            try:
                return self._change(key, now, change)
            except IntegrityError:  # a concurrent call has inserted a row, which the next attempt updates
                continue

    @retry_transaction
    def delete(self, key: LoginKey) -> None:
        """Delete the counters of a log-in."""
        with self._database.write() as transaction:
            transaction.execute(DELETE_ACCOUNT, {"key": key.account})
            transaction.execute(DELETE_OWN, {"key": key.own})
            transaction.commit()

    @retry_transaction
    def _change(self, key: LoginKey, now: datetime, change: Change[ResultT]) -> ResultT:
        with self._database.write() as transaction:
            for statement in DELETE_EXPIRED:
                transaction.execute(statement, {"now": now})
            # The account first: it is what concurrent log-ins of one account have in common.
            account = transaction.execute(LOCK_ACCOUNT, {"key": key.account}).one_or_none() if key.account else None
            own = transaction.execute(LOCK_OWN, {"key": key.own}).one_or_none()
            old = Counters(own and LoginFailures(*own), account and AccountFailures(*account))
            new, result = change(old)
            _store_account(transaction, old.account, new.account)
            _store_own(transaction, old.own, new.own)
            transaction.commit()
        return result


def _store_account(transaction: Connection, old: AccountFailures | None, new: AccountFailures | None) -> None:
    if new is None or new == old:
        return
    values = {"failures": new.count, "next_turn_at": new.next_turn_at, "forget_at": new.expires_at}
    if old is None:
        transaction.execute(INSERT_ACCOUNT, {"account": new.account, **values})
    else:
        transaction.execute(UPDATE_ACCOUNT, {"key": new.account, **values})


def _store_own(transaction: Connection, old: LoginFailures | None, new: LoginFailures | None) -> None:
    if new is None or new == old:
        return
    values = {
        "failures": new.count,
        "blocked_until": new.blocked_until,
        "forget_at": new.expires_at,
        "turn_at": new.turn_at,
    }
    if old is None:
        transaction.execute(INSERT_OWN, {"account": new.key, **values})
    else:
        transaction.execute(UPDATE_OWN, {"key": new.key, **values})
