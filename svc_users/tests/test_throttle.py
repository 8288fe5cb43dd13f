"""Failed log-ins delay the next one, whether or not the account exists, and the owner can still log in."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import grpc
import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc

from database.engine import Database
from database.tests.rows import count
from mesh.client import Failure
from mesh.testing import Clock, rpc_failure
from svc_users.security.throttle import LoginThrottle
from svc_users.store.login_failures import LoginFailureStore
from svc_users.tests.conftest import CountingHasher
from svc_users.throttle_rules import ThrottlePolicy

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = users_pb2_grpc.UsersStub
ANN = pb.RegisterRequest(username="Ann", email="ann@example.org", password="correct horse")
RIGHT = pb.LoginRequest(email="ann@example.org", password="correct horse")
FREE_ATTEMPTS, MAX_DELAY_SECONDS = 3, 20
"""The policy of the service under test."""


def guess(users: Stub, email: str = "ann@example.org") -> Failure:
    """Return the failure of a log-in with a wrong password."""
    return rpc_failure(users.Login, pb.LoginRequest(email=email, password="wrong horse"))


@pytest.mark.parametrize("email", ["ann@example.org", "unknown@example.org"])
def test_guesses_are_delayed_whether_or_not_the_account_exists(users: Stub, clock: Clock, email: str) -> None:
    """The responses are the same in both cases, so that they do not reveal which emails are known."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS):
        assert guess(users, email).code is CODE.UNAUTHENTICATED
    failure = guess(users, email.upper())
    assert (failure.code, failure.reason, failure.message, failure.metadata) == (
        CODE.RESOURCE_EXHAUSTED,
        "LOGIN_THROTTLED",
        "Too many failed log-ins. Please try again in 1 second.",
        {"retry_after": "1"},
    )
    for delay in (1, 2, 4, 8, 16, MAX_DELAY_SECONDS, MAX_DELAY_SECONDS):
        clock.advance(delay - 0.5)
        assert guess(users, email).metadata == {"retry_after": "1"}
        clock.advance(0.5)
        assert guess(users, email).code is CODE.UNAUTHENTICATED


def test_a_guess_that_comes_too_early_computes_no_hash(users: Stub, hasher: CountingHasher) -> None:
    """It does not extend the delay either: many guesses do not lock out the owner."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS):
        guess(users)
    hasher.checks.clear()
    for _ in range(5):
        assert guess(users).metadata == {"retry_after": "1"}
    assert rpc_failure(users.Login, RIGHT).code is CODE.RESOURCE_EXHAUSTED
    assert hasher.checks == []


def test_the_owner_can_log_in_after_the_delay(users: Stub, clock: Clock, file_database: Database) -> None:
    """Even after many guesses the delay has its maximum, and the correct password resets the count."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS + 8):
        guess(users)
        clock.advance(MAX_DELAY_SECONDS)
    assert users.Login(RIGHT).tokens.access_token
    assert count(file_database, "LoginFailures") == count(file_database, "AccountLoginFailures") == 0
    for _ in range(FREE_ATTEMPTS):
        assert guess(users).code is CODE.UNAUTHENTICATED


def test_open_sessions_are_not_affected(users: Stub) -> None:
    """A session can be refreshed while its user is throttled."""
    users.Register(ANN)
    session = users.Login(RIGHT).tokens
    for _ in range(FREE_ATTEMPTS):
        guess(users)
    assert guess(users).code is CODE.RESOURCE_EXHAUSTED
    assert users.Refresh(pb.RefreshRequest(refresh_token=session.refresh_token)).tokens.access_token


def test_guesses_for_one_account_delay_no_other(users: Stub) -> None:
    """Each account has its own count."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS + 1):
        guess(users, "bob@example.org")
    assert users.Login(RIGHT).tokens.access_token


def test_parallel_guesses_after_the_free_attempts_are_one(users: Stub, clock: Clock, hasher: CountingHasher) -> None:
    """A guess is counted before the password is checked, so that sixteen at once check one password."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS):
        guess(users)
    clock.advance(2)
    hasher.checks.clear()
    with ThreadPoolExecutor(16) as pool:
        codes = Counter(failure.code for failure in pool.map(lambda _: guess(users), range(16)))
    assert codes == {CODE.UNAUTHENTICATED: 1, CODE.RESOURCE_EXHAUSTED: 15}
    assert len(hasher.checks) == 1


def test_parallel_guesses_are_all_counted(users: Stub, file_database: Database) -> None:
    """No failure is lost when several happen at once; parallel log-ins of the owner are not delayed."""
    users.Register(ANN)
    with ThreadPoolExecutor(8) as pool:
        assert all(response.tokens.access_token for response in pool.map(users.Login, [RIGHT] * 8))
        failures = list(pool.map(lambda _: guess(users), range(8)))
    counted = [failure for failure in failures if failure.code is CODE.UNAUTHENTICATED]
    assert len(counted) >= FREE_ATTEMPTS
    assert count(file_database, "LoginFailures", f"failures = {len(counted)}") == 1


def test_failures_expire_after_a_day(file_database: Database, clock: Clock) -> None:
    """The next failure of any account deletes their rows."""
    throttle = LoginThrottle(LoginFailureStore(file_database), ThrottlePolicy(1, timedelta(hours=1)))
    for email in ("a@example.org", "b@example.org"):
        throttle.fail(throttle.begin(email, clock()), clock())
    clock.advance(25 * 3600)
    assert not throttle.begin("a@example.org", clock()).has_failures
    throttle.fail(throttle.begin("c@example.org", clock()), clock())
    assert count(file_database, "LoginFailures") == count(file_database, "AccountLoginFailures") == 1


def test_no_email_is_stored(users: Stub, file_database: Database) -> None:
    """Only a digest is stored, because some people type their password into the field for the email."""
    guess(users, "hunter2@example.org")
    assert count(file_database, "LoginFailures", "account LIKE '%hunter2%'") == 0
    assert count(file_database, "LoginFailures", "length(account) = 64") == 1
