"""A users service whose passwords cost little and whose clock is moved by hand."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from bookstore.users.v1 import users_pb2, users_pb2_grpc

from database.engine import Database
from mesh.keys import Keyring
from mesh.server import Service
from mesh.testing import channel_as, running
from svc_users.passwords import Hasher
from svc_users.rules import Patience
from svc_users.servicer import UsersServicer
from svc_users.store import SessionStore, UserStore
from svc_users.throttle import Throttle
from svc_users.tokens import Tokens

SECRET = "a secret that only the tests know, 32+ bytes"

PATIENCE = Patience(free=3, longest=timedelta(seconds=20))


class Clock:
    """A clock that is moved by hand; it starts at the present, because PyJWT has a clock of its own."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self.now

    def move(self, seconds: float) -> None:
        """Moves it on, or back."""
        self.now += timedelta(seconds=seconds)


class CountingHasher(Hasher):
    """A hasher of few rounds that counts what it does."""

    def __init__(self, rounds: int = 10) -> None:
        super().__init__(at_once=4, rounds=rounds)
        self.checks: list[str | None] = []

    def check(self, stored: str | None, password: str) -> bool:
        """Notes against what was checked."""
        self.checks.append(stored)
        return super().check(stored, password)


@pytest.fixture
def clock() -> Clock:
    """The service's clock."""
    return Clock()


@pytest.fixture
def hasher() -> CountingHasher:
    """The service's hasher."""
    return CountingHasher()


@pytest.fixture
def tokens() -> Tokens:
    """The service's tokens."""
    return Tokens(Keyring(SECRET))


Serve = Callable[[Hasher], AbstractContextManager[users_pb2_grpc.UsersStub]]


@pytest.fixture
def serve(file_database: Database, clock: Clock, tokens: Tokens) -> Serve:
    """Starts the service with a hasher, and answers it as the tester sees it."""

    @contextmanager
    def served(hasher: Hasher) -> Iterator[users_pb2_grpc.UsersStub]:
        throttle = Throttle(file_database, PATIENCE)
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
    """The running service."""
    with serve(hasher) as stub:
        yield stub
