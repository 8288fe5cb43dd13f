"""Translates between the contract of the users service, its rules and its stores."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import grpc
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.errors import NotFound, ResourceExhausted, Unauthenticated
from svc_users.errors import address_throttled, email_taken, invalid_refresh_token
from svc_users.rules import (
    DEVICE_LIFETIME,
    ReusedToken,
    Session,
    User,
    canonical_email,
    check_password_length,
)
from svc_users.security import audit
from svc_users.security.login_queue import LoginQueue, QueuedClient
from svc_users.security.passwords import PasswordHasher
from svc_users.security.throttle import LoginThrottle
from svc_users.security.tokens import SessionTokens
from svc_users.store.sessions import SessionStore
from svc_users.store.users import UserStore
from svc_users.throttle_rules import network_of


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class UsersServicer(users_pb2_grpc.UsersServicer):
    """The Users service.

    Args:
        users: the accounts.
        sessions: the sessions.
        hasher: creates and checks password hashes.
        tokens: creates and reads JWTs.
        throttle: slows down guessing of passwords.
        min_password_length: minimum number of characters of a new password.
        clock: returns the current time in UTC.
    """

    def __init__(
        self,
        users: UserStore,
        sessions: SessionStore,
        hasher: PasswordHasher,
        tokens: SessionTokens,
        throttle: LoginThrottle,
        min_password_length: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._hasher = hasher
        self._tokens = tokens
        self._throttle = throttle
        self._min_password_length = min_password_length
        self._queue = LoginQueue(hasher.max_parallel)
        self._clock = clock

    async def Register(self, request: pb.RegisterRequest, context: object) -> pb.RegisterResponse:
        """Create an account."""
        client = QueuedClient(network_of(request.client_address))
        return await self._queue.run(client, self._register, request)

    async def Login(self, request: pb.LoginRequest, context: object) -> pb.LoginResponse:
        """Open a session if the password is correct."""
        has_device = self._tokens.is_device_token(request.device_token, canonical_email(request.email))
        client = QueuedClient(network_of(request.client_address), has_device)
        return await self._queue.run(client, self._login, request)

    def Refresh(self, request: pb.RefreshRequest, context: grpc.ServicerContext) -> pb.RefreshResponse:
        """Rotate a refresh token."""
        token_id = self._tokens.read_refresh_token(request.refresh_token)
        try:
            session = self._sessions.rotate(token_id, self._clock())
            if isinstance(session, ReusedToken):
                audit.token_reused(session, request.client_address)
                raise invalid_refresh_token()
            user = self._users.get(session.user_id)
        except NotFound:
            raise Unauthenticated("Invalid refresh token user.", "REFRESH_USER_GONE") from None
        if not session.belongs_to(user):
            self._sessions.end(session.session_id, self._clock())
            audit.credentials_changed(session, request.client_address)
            raise invalid_refresh_token()
        return pb.RefreshResponse(tokens=self._token_pair(user, session))

    def Logout(self, request: pb.LogoutRequest, context: grpc.ServicerContext) -> pb.LogoutResponse:
        """End a session."""
        user_id = self._sessions.end(request.session_id, self._clock())
        audit.logged_out(user_id, request.session_id, request.client_address)
        return pb.LogoutResponse()

    def GetUser(self, request: pb.GetUserRequest, context: grpc.ServicerContext) -> pb.GetUserResponse:
        """Return an account."""
        return pb.GetUserResponse(user=_user(self._users.get(request.user_id)))

    def _register(self, request: pb.RegisterRequest) -> pb.RegisterResponse:
        email = canonical_email(request.email)
        check_password_length(request.password, self._min_password_length)
        if self._users.find_by_email(email) is not None:
            raise email_taken(email)
        password_hash = self._hasher.hash(request.password)
        user = self._users.create(request.username.strip(), email, password_hash, self._clock())
        audit.registered(user, request.client_address)
        return pb.RegisterResponse(user=_user(user))

    def _login(self, request: pb.LoginRequest) -> pb.LoginResponse:
        email, address = canonical_email(request.email), request.client_address
        user = self._users.find_by_email(email)
        device_id = self._tokens.read_device_token(request.device_token, user) if user else ""
        try:
            if not device_id:
                self._check_restriction(request, email)
            attempt = self._throttle.begin(email, self._clock(), address, device_id)
        except ResourceExhausted as error:
            audit.login_throttled(email, user, address, error.reason)
            raise
        if not self._hasher.check(user.password_hash if user else None, request.password) or user is None:
            self._throttle.fail(attempt, self._clock())
            audit.login_failed(email, user, address)
            raise Unauthenticated("Invalid email or password.", "BAD_CREDENTIALS")
        self._throttle.succeed(attempt)
        if self._hasher.is_outdated(user.password_hash):
            user = self._users.rehash_password(user, self._hasher.hash(request.password))
        session = self._sessions.open(user, self._clock())
        audit.logged_in(user, session, address, known_device=bool(device_id))
        return pb.LoginResponse(
            tokens=self._token_pair(user, session),
            user=_user(user),
            device_token=self._tokens.device_token(user, device_id or str(uuid.uuid4()), self._clock()),
            device_expire_time=_timestamp(self._clock() + DEVICE_LIFETIME),
        )

    def _check_restriction(self, request: pb.LoginRequest, email: str) -> None:
        if request.restriction == pb.LOGIN_RESTRICTION_KNOWN_DEVICE:
            raise address_throttled()
        if request.restriction == pb.LOGIN_RESTRICTION_NO_FAILURES and self._throttle.has_failed(
            email, request.client_address, self._clock()
        ):
            raise address_throttled()

    def _token_pair(self, user: User, session: Session) -> pb.TokenPair:
        return pb.TokenPair(
            access_token=self._tokens.access_token(user, session, self._clock()),
            refresh_token=self._tokens.refresh_token(user, session),
            refresh_expire_time=_timestamp(session.expires_at),
        )


def _user(user: User) -> pb.User:
    return pb.User(
        user_id=user.user_id, username=user.username, email=user.email, create_time=_timestamp(user.created_at)
    )


def _timestamp(time: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp
