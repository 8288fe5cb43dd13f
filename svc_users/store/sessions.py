"""Opens, rotates and ends sessions."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from database.engine import Database, retry_transaction
from svc_users.errors import invalid_refresh_token, user_not_found
from svc_users.rules import SESSION_LIFETIME, ReusedToken, Session, TokenReuse, User, classify_reuse
from svc_users.store.tables import RefreshTokenRow

MAX_EXPIRED_PER_LOGIN = 100
"""Expired tokens that one log-in deletes: more than it adds, and few enough to keep it fast after a long pause."""

SELECT_TOKEN = select(RefreshTokenRow.__table__).where(RefreshTokenRow.jti == bindparam("id"))
SELECT_EXPIRED = (
    select(RefreshTokenRow.jti).where(RefreshTokenRow.expires_at < bindparam("now")).limit(MAX_EXPIRED_PER_LOGIN)
)
DELETE_TOKENS = delete(RefreshTokenRow).where(RefreshTokenRow.jti.in_(bindparam("ids", expanding=True)))
INSERT_TOKEN = insert(RefreshTokenRow)
USE_TOKEN = (
    update(RefreshTokenRow)
    .where(
        RefreshTokenRow.jti == bindparam("id"), RefreshTokenRow.used_at.is_(None), RefreshTokenRow.revoked_at.is_(None)
    )
    .values(used_at=bindparam("now"), successor=bindparam("successor_id"))
)
SELECT_USER_ID = select(RefreshTokenRow.user_id).where(RefreshTokenRow.family == bindparam("session_id")).limit(1)
REVOKE_SESSION = (
    update(RefreshTokenRow)
    .where(RefreshTokenRow.family == bindparam("session_id"), RefreshTokenRow.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)


class SessionStore:
    """Opens, rotates and ends sessions.

    Args:
        database: the database with the refresh tokens.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @retry_transaction
    def open(self, user: User, now: datetime) -> Session:
        """Start a session with its first refresh token, and delete some expired tokens of any user."""
        session = Session(_new_id(), user.user_id, _new_id(), now, now + SESSION_LIFETIME, user.credentials)
        with self._database.read() as connection:
            expired_ids = connection.scalars(SELECT_EXPIRED, {"now": now}).all()
        with self._database.write() as transaction:
            if expired_ids:
                transaction.execute(DELETE_TOKENS, {"ids": expired_ids})
            _insert_token(transaction, session)
            transaction.commit()
        return session

    @retry_transaction
    def rotate(self, token_id: str, now: datetime) -> Session | ReusedToken:
        """Replace a refresh token by its successor and return the session, or the session that has ended.

        Only one caller wins the conditional UPDATE. Within the grace period the other callers get the same successor.
        After it, the token was stolen or copied: the whole session ends, so that both thief and user have to log in.

        Raises:
            Unauthenticated: the token is unknown or withdrawn.
            NotFound: its user no longer exists.
        """
        with self._database.write() as transaction:
            token = transaction.execute(SELECT_TOKEN, {"id": token_id}).one_or_none()
            if token is None or token.revoked_at is not None:
                raise invalid_refresh_token()
            session = Session(token.family, token.user_id, _new_id(), now, token.expires_at, token.credentials)
            values = {"id": token_id, "now": now, "successor_id": session.token_id}
            if transaction.execute(USE_TOKEN, values).rowcount:
                try:
                    _insert_token(transaction, session)
                except IntegrityError:
                    raise user_not_found() from None
                transaction.commit()
                return session
        return self._reuse(token_id, now)

    @retry_transaction
    def end(self, session_id: str, now: datetime) -> int | None:
        """Withdraw all tokens of a session, and return the id of its user if the session exists."""
        with self._database.write() as transaction:
            user_id = transaction.scalars(SELECT_USER_ID, {"session_id": session_id}).first()
            _revoke_session(transaction, session_id, now)
            transaction.commit()
        return user_id

    def _reuse(self, token_id: str, now: datetime) -> Session | ReusedToken:
        """Return the session of a token that was used within the grace period, else end it.

        Raises:
            Unauthenticated: the token is withdrawn.
        """
        with self._database.write() as transaction:
            token = transaction.execute(SELECT_TOKEN, {"id": token_id}).one()
            if token.revoked_at is not None:
                raise invalid_refresh_token()
            if classify_reuse(token.used_at, now) is TokenReuse.RETRY:
                return Session(
                    token.family, token.user_id, token.successor, token.used_at, token.expires_at, token.credentials
                )
            _revoke_session(transaction, token.family, now)
            transaction.commit()
        return ReusedToken(token.family, token.user_id)


def _new_id() -> str:
    return str(uuid.uuid4())


def _insert_token(transaction: Connection, session: Session) -> None:
    values = {
        "jti": session.token_id,
        "family": session.session_id,
        "user_id": session.user_id,
        "expires_at": session.expires_at,
        "credentials": session.credentials,
    }
    transaction.execute(INSERT_TOKEN, values)


def _revoke_session(transaction: Connection, session_id: str, now: datetime) -> None:
    # A rotation that commits while MySQL reads the rows may add one that this UPDATE misses; the next one finds it.
    while transaction.execute(REVOKE_SESSION, {"session_id": session_id, "now": now}).rowcount:
        pass
