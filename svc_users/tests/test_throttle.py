"""Guessing gets slower and slower, for accounts that exist and for those that do not; owners get in."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc

from database.engine import Database
from database.tests.rows import count
from mesh.client import Failure, parse_failure
from svc_users.rules import Patience
from svc_users.tests.conftest import Clock, CountingHasher
from svc_users.throttle import Throttle

CODE = grpc.StatusCode
Stub = users_pb2_grpc.UsersStub
ANN = pb.RegisterRequest(username="Ann", email="ann@example.org", password="correct horse")
RIGHT = pb.LoginRequest(email="ann@example.org", password="correct horse")
FREE, LONGEST = 3, 20
"""The patience of the service under test."""


def guess(users: Stub, email: str = "ann@example.org") -> Failure:
    """How a wrong password fails."""
    return refused(users.Login, pb.LoginRequest(email=email, password="wrong horse"))


def refused(call: Callable[[Any], Any], request: object) -> Failure:
    """How a call fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(request)
    return parse_failure(raised.value)


@pytest.mark.unit
def test_the_delay_doubles_up_to_its_limit() -> None:
    """Nothing while attempts are free, then a second, two, four, and never more than the longest."""
    patience = Patience(free=3, longest=timedelta(seconds=20))
    delays = [int(patience.delay_after(failures).total_seconds()) for failures in range(10)]
    assert delays == [0, 0, 0, 1, 2, 4, 8, 16, 20, 20]
    assert patience.delay_after(10**6) == timedelta(seconds=20)
    assert not Patience(free=1, longest=timedelta()).delay_after(100)


@pytest.mark.integration
@pytest.mark.parametrize("email", ["ann@example.org", "nobody@example.org"])
def test_guesses_are_slowed_down_whether_or_not_the_account_exists(users: Stub, clock: Clock, email: str) -> None:
    """The same answers in the same order: nobody finds out which emails are known."""
    users.Register(ANN)
    for _ in range(FREE):
        assert guess(users, email).code is CODE.UNAUTHENTICATED
    told = guess(users, email.upper())
    assert (told.code, told.reason, told.message, told.metadata) == (
        CODE.RESOURCE_EXHAUSTED,
        "LOGIN_THROTTLED",
        "Too many failed log-ins. Please try again in 1 second.",
        {"retry_after": "1"},
    )
    for delay in (1, 2, 4, 8, 16, LONGEST, LONGEST):
        clock.move(delay - 0.5)
        assert guess(users, email).metadata == {"retry_after": "1"}
        clock.move(0.5)
        assert guess(users, email).code is CODE.UNAUTHENTICATED


@pytest.mark.integration
def test_a_guess_that_comes_too_early_costs_no_hash(users: Stub, hasher: CountingHasher) -> None:
    """Nor does it make the wait longer: hammering does not keep the owner out."""
    users.Register(ANN)
    for _ in range(FREE):
        guess(users)
    hasher.checks.clear()
    for _ in range(5):
        assert guess(users).metadata == {"retry_after": "1"}
    assert refused(users.Login, RIGHT).code is CODE.RESOURCE_EXHAUSTED
    assert hasher.checks == []


@pytest.mark.integration
def test_the_owner_gets_in_after_the_wait_and_starts_anew(users: Stub, clock: Clock, file_database: Database) -> None:
    """Even after many guesses the wait is no longer than the longest, and the right password forgets them."""
    users.Register(ANN)
    for _ in range(FREE + 8):
        guess(users)
        clock.move(LONGEST)
    assert users.Login(RIGHT).tokens.access_token
    assert count(file_database, "LoginFailures") == 0
    for _ in range(FREE):
        assert guess(users).code is CODE.UNAUTHENTICATED


@pytest.mark.integration
def test_whoever_is_logged_in_stays_so(users: Stub) -> None:
    """A session goes on while others guess the password."""
    users.Register(ANN)
    session = users.Login(RIGHT).tokens
    for _ in range(FREE):
        guess(users)
    assert guess(users).code is CODE.RESOURCE_EXHAUSTED
    assert users.Refresh(pb.RefreshRequest(refresh_token=session.refresh_token)).tokens.access_token


@pytest.mark.integration
def test_guessing_at_one_account_slows_down_no_other(users: Stub) -> None:
    """Each has its own count."""
    users.Register(ANN)
    for _ in range(FREE + 1):
        guess(users, "bob@example.org")
    assert users.Login(RIGHT).tokens.access_token


@pytest.mark.integration
def test_after_the_free_ones_many_guesses_at_once_are_one(users: Stub, clock: Clock, hasher: CountingHasher) -> None:
    """A guess is counted before the password is looked at, so that a crowd gets no further than one alone."""
    users.Register(ANN)
    for _ in range(FREE):
        guess(users)
    clock.move(2)
    hasher.checks.clear()
    with ThreadPoolExecutor(16) as pool:
        codes = Counter(told.code for told in pool.map(lambda _: guess(users), range(16)))
    assert codes == {CODE.UNAUTHENTICATED: 1, CODE.RESOURCE_EXHAUSTED: 15}
    assert len(hasher.checks) == 1


@pytest.mark.integration
def test_a_crowd_of_guesses_is_counted_in_full(users: Stub, file_database: Database) -> None:
    """However many fail at the same moment, none is forgotten; the owner's own crowd of log-ins is not slowed down."""
    users.Register(ANN)
    with ThreadPoolExecutor(8) as pool:
        assert all(answer.tokens.access_token for answer in pool.map(users.Login, [RIGHT] * 8))
        told = list(pool.map(lambda _: guess(users), range(8)))
    failed = [each for each in told if each.code is CODE.UNAUTHENTICATED]
    assert len(failed) >= FREE
    assert count(file_database, "LoginFailures", f"failures = {len(failed)}") == 1


@pytest.mark.integration
def test_failures_are_forgotten_after_a_day(file_database: Database, clock: Clock) -> None:
    """And their rows go when the next failure of anybody is counted."""
    throttle = Throttle(file_database, Patience(free=1, longest=timedelta(hours=1)))
    for email in ("a@example.org", "b@example.org"):
        throttle.failed(throttle.begin(email, clock()), clock())
    clock.move(25 * 3600)
    assert throttle.begin("a@example.org", clock()).failures == 0
    throttle.failed(throttle.begin("c@example.org", clock()), clock())
    assert count(file_database, "LoginFailures") == 1


@pytest.mark.integration
def test_no_email_is_stored_for_it(users: Stub, file_database: Database) -> None:
    """What people type into that field may be their password."""
    guess(users, "hunter2@example.org")
    assert count(file_database, "LoginFailures", "account LIKE '%hunter2%'") == 0
    assert count(file_database, "LoginFailures", "length(account) = 64") == 1
