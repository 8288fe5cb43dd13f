"""A users service with cheap password hashes and a clock that the test sets."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from bookstore.users.v1 import users_pb2, users_pb2_grpc

from database.engine import Database
from mesh.keys import Keyring
from mesh.server import Service
from mesh.testing import SECRET, Clock, channel_as, running
from svc_users.security.passwords import PasswordHasher
from svc_users.security.throttle import LoginThrottle
from svc_users.security.tokens import SessionTokens
from svc_users.servicer import UsersServicer
from svc_users.store.login_failures import LoginFailureStore
from svc_users.store.sessions import SessionStore
from svc_users.store.users import UserStore
from svc_users.throttle_rules import ThrottlePolicy

THROTTLE_POLICY = ThrottlePolicy(free_attempts=3, max_delay=timedelta(seconds=20))


class CountingHasher(PasswordHasher):
    """A hasher with few iterations that records the hashes that it checks."""

    def __init__(self, iterations: int = 10) -> None:
        super().__init__(max_parallel=4, iterations=iterations)
        self.checks: list[str | None] = []

    def check(self, stored: str | None, password: str) -> bool:
        """Record the stored hash and check the password."""
        self.checks.append(stored)
        return super().check(stored, password)


@pytest.fixture
def clock() -> Clock:
    """Return the service's clock. It starts at the current time, because PyJWT reads the real clock."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def hasher() -> CountingHasher:
    """Return the service's hasher."""
    return CountingHasher()


@pytest.fixture
def tokens() -> SessionTokens:
    """Return the service's tokens."""
    return SessionTokens(Keyring(SECRET))


Serve = Callable[[PasswordHasher], AbstractContextManager[users_pb2_grpc.UsersStub]]


@pytest.fixture
def serve(file_database: Database, clock: Clock, tokens: SessionTokens) -> Serve:
    """Return a function that starts the service with a hasher, and yields a stub of the tester."""

    @contextmanager
    def served(hasher: PasswordHasher) -> Iterator[users_pb2_grpc.UsersStub]:
        throttle = LoginThrottle(LoginFailureStore(file_database), THROTTLE_POLICY)
        users, sessions = UserStore(file_database), SessionStore(file_database)
        servicer = UsersServicer(users, sessions, hasher, tokens, throttle, 6, clock)
        service = Service(
            "users",
            users_pb2.DESCRIPTOR.services_by_name["Users"],
            lambda server: users_pb2_grpc.add_UsersServicer_to_server(servicer, server),
        )
        with running(service) as target, channel_as("tester", target) as channel:
            yield users_pb2_grpc.UsersStub(channel)

    return served


@pytest.fixture
def users(serve: Serve, hasher: CountingHasher) -> Iterator[users_pb2_grpc.UsersStub]:
    """Start the service and return a stub."""
    with serve(hasher) as stub:
        yield stub
