"""Failed log-ins delay the next one, whether or not the account exists, and the owner can still log in."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import jwt
import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc

from database.engine import Database
from database.tests.rows import count
from mesh.client import Failure
from mesh.testing import SECRET, Clock, rpc_failure
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


def login_from(users: Stub, address: str, device_token: str = "", password: str = "wrong horse", **fields: Any) -> Any:  # noqa: S107 - of the test
    """Log in as Ann from an address, and return the response or the failure."""
    request = pb.LoginRequest(
        email="ann@example.org", password=password, client_address=address, device_token=device_token, **fields
    )
    return users.Login(request) if password == RIGHT.password else rpc_failure(users.Login, request)


def test_an_attacker_does_not_delay_the_owner_in_another_network(users: Stub) -> None:
    """The attack goes on from three networks; the owner gets in at once on a new device."""
    users.Register(ANN)
    for number in range(3):
        for _ in range(FREE_ATTEMPTS + 2):
            login_from(users, f"192.0.2.{number}")
        assert login_from(users, f"192.0.2.{number}").reason == "LOGIN_THROTTLED"
    assert login_from(users, "2001:db8::1", password=RIGHT.password).tokens.access_token


def test_networks_take_turns_when_an_account_has_many_failures(users: Stub, clock: Clock) -> None:
    """The owner's turn comes after all earlier ones, and a network that tries again keeps its turn."""
    users.Register(ANN)
    for number in range(3 * FREE_ATTEMPTS):
        assert login_from(users, f"192.0.2.{number}").code is CODE.UNAUTHENTICATED
    assert login_from(users, "192.0.2.100").code is CODE.UNAUTHENTICATED
    waits = [login_from(users, f"192.0.2.{number}").metadata["retry_after"] for number in (101, 102, 101, 102)]
    assert waits == ["10", "20", "10", "20"]
    owner = pb.LoginRequest(email="ann@example.org", password=RIGHT.password, client_address="198.51.100.7")
    assert rpc_failure(users.Login, owner).metadata == {"retry_after": "30"}
    clock.advance(29)
    assert login_from(users, "192.0.2.103").metadata == {"retry_after": "11"}
    clock.advance(1)
    assert users.Login(owner).tokens.access_token
    assert login_from(users, "192.0.2.104").code is CODE.UNAUTHENTICATED


def test_parallel_guesses_from_one_network_take_one_turn(users: Stub, clock: Clock, hasher: CountingHasher) -> None:
    """Sixteen guesses at once do not push the owner's turn back by sixteen."""
    users.Register(ANN)
    for number in range(3 * FREE_ATTEMPTS):
        login_from(users, f"192.0.2.{number}")
    hasher.checks.clear()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: login_from(users, "192.0.2.200"), range(16)))
    assert len(hasher.checks) == 1
    clock.advance(20)
    assert login_from(users, "198.51.100.7", password=RIGHT.password).tokens.access_token


def test_a_known_device_has_its_own_count(users: Stub, clock: Clock) -> None:
    """Its owner gets in during an attack from the same address, and guesses with its token are slow as well."""
    users.Register(ANN)
    token = login_from(users, "192.0.2.1", password=RIGHT.password).device_token
    for _ in range(FREE_ATTEMPTS + 1):
        login_from(users, "192.0.2.1")
    response = login_from(users, "192.0.2.1", token, RIGHT.password)
    assert jwt.decode(response.device_token, SECRET, ["HS256"])["jti"] == jwt.decode(token, SECRET, ["HS256"])["jti"]
    codes = [login_from(users, "192.0.2.1", response.device_token).code for _ in range(FREE_ATTEMPTS + 1)]
    assert codes == [CODE.UNAUTHENTICATED] * FREE_ATTEMPTS + [CODE.RESOURCE_EXHAUSTED]
    clock.advance(1)
    assert login_from(users, "192.0.2.1", response.device_token, RIGHT.password).tokens.access_token


@pytest.mark.parametrize("kind", ["of another account", "forged", "expired", "an access token", "no token"])
def test_a_device_is_known_to_its_own_account_only(users: Stub, clock: Clock, kind: str) -> None:
    """Any other token is ignored: the log-in counts as one from an unknown device."""
    users.Register(ANN)
    users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple"))
    bob = users.Login(pb.LoginRequest(email="bob@example.org", password="battery staple"))
    ann = login_from(users, "", password=RIGHT.password)
    valid = jwt.decode(ann.device_token, SECRET, ["HS256"])
    token = {
        "of another account": bob.device_token,
        "forged": jwt.encode(valid, "another secret of thirty-two bytes", "HS256"),
        "expired": jwt.encode({**valid, "exp": int(clock.timestamp()) - 60}, SECRET, "HS256"),
        "an access token": ann.tokens.access_token,
        "no token": "x",
    }[kind]
    for _ in range(FREE_ATTEMPTS):
        login_from(users, "192.0.2.1")
    assert login_from(users, "192.0.2.1", token).reason == "LOGIN_THROTTLED"


def test_an_address_with_many_failures_may_still_log_in_to_other_accounts(users: Stub) -> None:
    """The gateway asks for it: accounts without failures from this network are served, or known devices only."""
    users.Register(ANN)
    users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple"))
    bob = pb.LoginRequest(
        email="bob@example.org",
        password="battery staple",
        client_address="192.0.2.1",
        restriction=pb.LOGIN_RESTRICTION_NO_FAILURES,
    )
    token = login_from(users, "192.0.2.1", password=RIGHT.password).device_token
    login_from(users, "192.0.2.1")
    failure = login_from(users, "192.0.2.1", restriction=pb.LOGIN_RESTRICTION_NO_FAILURES)
    assert (failure.code, failure.reason) == (CODE.RESOURCE_EXHAUSTED, "ADDRESS_THROTTLED")
    assert users.Login(bob).tokens.access_token
    bob.restriction = pb.LOGIN_RESTRICTION_KNOWN_DEVICE
    assert rpc_failure(users.Login, bob).reason == "ADDRESS_THROTTLED"
    known = login_from(users, "192.0.2.1", token, RIGHT.password, restriction=pb.LOGIN_RESTRICTION_KNOWN_DEVICE)
    assert known.tokens.access_token


@pytest.mark.parametrize("seconds", [600, 86400])
def test_a_clock_that_is_set_back_makes_no_wait_longer(users: Stub, clock: Clock, seconds: int) -> None:
    """The wait keeps its maximum, and passes."""
    users.Register(ANN)
    for _ in range(FREE_ATTEMPTS + 8):
        guess(users)
        clock.advance(MAX_DELAY_SECONDS)
    guess(users)
    clock.advance(-seconds)
    assert guess(users).metadata == {"retry_after": str(MAX_DELAY_SECONDS)}
    clock.advance(MAX_DELAY_SECONDS)
    assert users.Login(RIGHT).tokens.access_token
