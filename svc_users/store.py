"""Accounts and sessions in the database."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import AnyRow, Database, retry_transaction
from mesh.errors import AlreadyExists, NotFound
from svc_users.models import RefreshToken, User
from svc_users.rules import SESSION_LIFETIME, Reuse, judge_reuse
from svc_users.tokens import Session, invalid_refresh

SHOWN = (User.user_id, User.username, User.email, User.password_hash, User.created_at)
BY_ID = select(*SHOWN).where(User.user_id == bindparam("id"))
EXPIRED = select(RefreshToken.jti).where(RefreshToken.expires_at < bindparam("now")).limit(100)
"""More than one log-in adds, so that the table shrinks; not so many that one log-in pays for a year of them."""
BY_EMAIL = select(*SHOWN).where(User.email == bindparam("address"))


class UserStore:
    """Reads and writes accounts.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_email(self, email: str) -> AnyRow | None:
        """The account with that email, in its one form."""
        with self._database.read() as connection:
            return connection.execute(BY_EMAIL, {"address": email}).one_or_none()

    def get(self, user_id: int) -> AnyRow:
        """The account's columns.

        Raises:
            NotFound: when no account has the id.
        """
        with self._database.read() as connection:
            row = connection.execute(BY_ID, {"id": user_id}).one_or_none()
        if row is None:
            raise user_not_found()
        return row

    @retry_transaction
    def create(self, username: str, email: str, password_hash: str, now: datetime) -> AnyRow:
        """Stores a new account.

        Raises:
            AlreadyExists: when the email has one.
        """
        values = {"username": username, "email": email, "password_hash": password_hash, "created_at": now}
        try:
            with self._database.write() as transaction:
                key = transaction.execute(insert(User), values).inserted_primary_key
                row = transaction.execute(BY_ID, {"id": key[0] if key else 0}).one()
                transaction.commit()
        except IntegrityError:
            raise email_taken(email) from None
        return row

    @retry_transaction
    def set_password_hash(self, user_id: int, password_hash: str) -> None:
        """Replaces an outdated hash."""
        with self._database.write() as transaction:
            transaction.execute(update(User).where(User.user_id == user_id).values(password_hash=password_hash))
            transaction.commit()


class SessionStore:
    """Opens, rotates and ends sessions.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @retry_transaction
    def open(self, user_id: int, now: datetime) -> Session:
        """Starts a family with its first refresh token; takes some of the expired ones away, whosesoever they are."""
        session = Session(_new_id(), _new_id(), now, now + SESSION_LIFETIME)
        with self._database.read() as connection:
            expired = connection.scalars(EXPIRED, {"now": now}).all()
        with self._database.write() as transaction:
            if expired:
                transaction.execute(delete(RefreshToken).where(RefreshToken.jti.in_(expired)))
            _insert(transaction, session, user_id)
            transaction.commit()
        return session

    @retry_transaction
    def rotate(self, jti: str, now: datetime) -> tuple[Session, int]:
        """Retires a refresh token for its successor; answers it and the user's id.

        One caller wins the conditional UPDATE. The others, within the grace, get the winner's successor; later, the
        token was stolen or copied, and the whole family ends: thief and owner have to log in again.

        Raises:
            Unauthenticated: when the token is unknown, withdrawn, or used too long ago.
            NotFound: when its user is gone.
        """
        with self._database.write() as transaction:
            token = transaction.execute(select(RefreshToken.__table__).where(RefreshToken.jti == jti)).one_or_none()
            if token is None or token.revoked_at is not None:
                raise invalid_refresh()
            session = Session(_new_id(), token.family, now, token.expires_at)
            unused = RefreshToken.jti == jti, RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None)
            used = update(RefreshToken).where(*unused).values(used_at=now, successor=session.jti)
            if transaction.execute(used).rowcount:
                try:
                    _insert(transaction, session, token.user_id)
                except IntegrityError:
                    raise user_not_found() from None
                transaction.commit()
                return session, token.user_id
        return self._after_another(jti, now)

    @retry_transaction
    def end(self, family: str, now: datetime) -> None:
        """Withdraws all tokens of a session."""
        with self._database.write() as transaction:
            _revoke(transaction, family, now)
            transaction.commit()

    def _after_another(self, jti: str, now: datetime) -> tuple[Session, int]:
        with self._database.write() as transaction:
            token = transaction.execute(select(RefreshToken.__table__).where(RefreshToken.jti == jti)).one()
            if token.revoked_at is None and judge_reuse(token.used_at, now) is Reuse.SAME_SUCCESSOR:
                return Session(token.successor, token.family, token.used_at, token.expires_at), token.user_id
            _revoke(transaction, token.family, now)
            transaction.commit()
        raise invalid_refresh()


def user_not_found() -> NotFound:
    """What an id without an account gets."""
    return NotFound("User was not found.", "USER_NOT_FOUND")


def email_taken(email: str) -> AlreadyExists:
    """What the second account of an email gets."""
    return AlreadyExists("Email is already registered.", "EMAIL_TAKEN", metadata={"email": email})


def _new_id() -> str:
    return str(uuid.uuid4())


def _insert(transaction: Connection, session: Session, user_id: int) -> None:
    values = {
        "jti": session.jti,
        "family": session.family,
        "user_id": user_id,
        "expires_at": session.expires_at,
    }
    transaction.execute(insert(RefreshToken), values)


def _revoke(transaction: Connection, family: str, now: datetime) -> None:
    living = RefreshToken.family == family, RefreshToken.revoked_at.is_(None)
    # A rotation that commits while MySQL looks for the rows may add one behind its back; the next look finds it.
    while transaction.execute(update(RefreshToken).where(*living).values(revoked_at=now)).rowcount:
        pass
