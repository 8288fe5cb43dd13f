"""Reads and writes accounts."""

from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import Database, retry_transaction
from svc_users.errors import email_taken, user_not_found
from svc_users.rules import User
from svc_users.store.tables import RefreshTokenRow, UserRow

USER_COLUMNS = tuple(getattr(UserRow, field.name) for field in fields(User))
"""The columns of a user, in the order of the fields of `User`: `User(*row)` converts a row."""
SELECT_BY_ID = select(*USER_COLUMNS).where(UserRow.user_id == bindparam("id"))
SELECT_BY_EMAIL = select(*USER_COLUMNS).where(UserRow.email == bindparam("address"))
REPLACE_PASSWORD_HASH = update(UserRow).where(
    UserRow.user_id == bindparam("id"), UserRow.password_hash == bindparam("old_hash")
)
REPLACE_CREDENTIALS = (
    update(RefreshTokenRow)
    .where(RefreshTokenRow.user_id == bindparam("id"), RefreshTokenRow.credentials == bindparam("old"))
    .values(credentials=bindparam("new"))
)
INSERT_USER = insert(UserRow)


class UserStore:
    """Reads and writes accounts.

    Args:
        database: the database with the accounts.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_by_email(self, email: str) -> User | None:
        """Return the account with this canonical email, if there is one."""
        with self._database.read() as connection:
            row = connection.execute(SELECT_BY_EMAIL, {"address": email}).one_or_none()
        return User(*row) if row else None

    def get(self, user_id: int) -> User:
        """Return the account with this id.

        Raises:
            NotFound: no account has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(SELECT_BY_ID, {"id": user_id}).one_or_none()
        if row is None:
            raise user_not_found()
        return User(*row)

    @retry_transaction(idempotent=True)
    def create(self, username: str, email: str, password_hash: str, now: datetime) -> User:
        """Store a new account and return it.

        Raises:
            AlreadyExists: the email has an account.
        """
        values = {"username": username, "email": email, "password_hash": password_hash, "created_at": now}
        try:
            with self._database.write() as transaction:
                key = transaction.execute(INSERT_USER, values).inserted_primary_key
                row = transaction.execute(SELECT_BY_ID, {"id": key[0] if key else 0}).one()
                transaction.commit()
        except IntegrityError:
            user = self.find_by_email(email)
            if user is None or user.password_hash != password_hash:  # each hash has a salt of its own
                raise email_taken(email) from None
            return user  # an earlier attempt has stored it, and lost its connection at COMMIT
        return User(*row)

    @retry_transaction
    def rehash_password(self, user: User, password_hash: str) -> User:
        """Replace the password hash of an account by another one of the same password, and return the account.

        Its sessions continue, unless the password has changed in the meantime.
        """
        rehashed = replace(user, password_hash=password_hash)
        with self._database.write() as transaction:
            values = {"id": user.user_id, "old_hash": user.password_hash, "password_hash": password_hash}
            if not transaction.execute(REPLACE_PASSWORD_HASH, values).rowcount:
                return user
            values = {"id": user.user_id, "old": user.credentials, "new": rehashed.credentials}
            transaction.execute(REPLACE_CREDENTIALS, values)
            transaction.commit()
        return rehashed
