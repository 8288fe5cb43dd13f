"""Translates between the contract, the rules and the store."""

from collections.abc import Callable
from datetime import UTC, datetime

import grpc
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from database.engine import AnyRow
from mesh.errors import NotFound, Unauthenticated
from svc_users.passwords import Hasher
from svc_users.rules import canonical_email, check_password_length
from svc_users.store import SessionStore, UserStore, email_taken
from svc_users.throttle import Throttle
from svc_users.tokens import Owner, Session, Tokens


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


class UsersServicer(users_pb2_grpc.UsersServicer):
    """The Users service.

    Args:
        users: the accounts.
        sessions: their sessions.
        hasher: makes and checks password hashes.
        tokens: makes and reads JWTs.
        throttle: slows down guessing.
        password_min_length: characters that a new password needs.
        clock: the present, UTC.
    """

    def __init__(
        self,
        users: UserStore,
        sessions: SessionStore,
        hasher: Hasher,
        tokens: Tokens,
        throttle: Throttle,
        password_min_length: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._hasher = hasher
        self._tokens = tokens
        self._throttle = throttle
        self._password_min_length = password_min_length
        self._clock = clock

    def Register(self, request: pb.RegisterRequest, context: grpc.ServicerContext) -> pb.RegisterResponse:
        """Creates an account."""
        email = canonical_email(request.email)
        check_password_length(request.password, self._password_min_length)
        if self._users.by_email(email) is not None:
            raise email_taken(email)
        password_hash = self._hasher.hash(request.password)
        return pb.RegisterResponse(
            user=_user(self._users.create(request.username.strip(), email, password_hash, self._clock()))
        )

    def Login(self, request: pb.LoginRequest, context: grpc.ServicerContext) -> pb.LoginResponse:
        """Opens a session for the right password."""
        email = canonical_email(request.email)
        attempt = self._throttle.begin(email, self._clock())
        user = self._users.by_email(email)
        if not self._hasher.check(user.password_hash if user else None, request.password) or user is None:
            self._throttle.failed(attempt, self._clock())
            raise Unauthenticated("Invalid email or password.", "BAD_CREDENTIALS")
        self._throttle.succeeded(attempt)
        if self._hasher.outdated(user.password_hash):
            self._users.set_password_hash(user.user_id, self._hasher.hash(request.password))
        session = self._sessions.open(user.user_id, self._clock())
        return pb.LoginResponse(tokens=self._pair(user, session), user=_user(user))

    def Refresh(self, request: pb.RefreshRequest, context: grpc.ServicerContext) -> pb.RefreshResponse:
        """Rotates a refresh token."""
        jti = self._tokens.read_refresh(request.refresh_token)
        try:
            session, user_id = self._sessions.rotate(jti, self._clock())
            user = self._users.get(user_id)
        except NotFound:
            raise Unauthenticated("Invalid refresh token user.", "REFRESH_USER_GONE") from None
        return pb.RefreshResponse(tokens=self._pair(user, session))

    def Logout(self, request: pb.LogoutRequest, context: grpc.ServicerContext) -> pb.LogoutResponse:
        """Ends a session."""
        self._sessions.end(request.session_id, self._clock())
        return pb.LogoutResponse()

    def GetUser(self, request: pb.GetUserRequest, context: grpc.ServicerContext) -> pb.GetUserResponse:
        """One account."""
        return pb.GetUserResponse(user=_user(self._users.get(request.user_id)))

    def _pair(self, user: AnyRow, session: Session) -> pb.TokenPair:
        owner = Owner(user.user_id, user.username)
        return pb.TokenPair(
            access_token=self._tokens.access(owner, session, self._clock()),
            refresh_token=self._tokens.refresh(owner, session),
            refresh_expire_time=_timestamp(session.expires_at),
        )


def _user(row: AnyRow) -> pb.User:
    return pb.User(user_id=row.user_id, username=row.username, email=row.email, create_time=_timestamp(row.created_at))


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
