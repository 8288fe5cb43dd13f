"""The Users service through its stub, on a real server and a file database."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import jwt
import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import count, execute, execute_unchecked
from mesh.client import parse_failure
from mesh.testing import SECRET, Clock, rpc_failure
from svc_users.tests.conftest import CountingHasher, Serve

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = users_pb2_grpc.UsersStub
ANN = pb.RegisterRequest(username=" Ann ", email="Ann@Example.org", password="correct horse")
LOGIN = pb.LoginRequest(email="ann@example.org", password="correct horse")


def claims(token: str) -> Any:
    """Return the claims of a token."""
    return jwt.decode(token, SECRET, ["HS256"])


def refresh(users: Stub, token: str) -> pb.TokenPair:
    """Rotate a refresh token and return the new pair of tokens."""
    return users.Refresh(pb.RefreshRequest(refresh_token=token)).tokens


@pytest.fixture
def session(users: Stub) -> pb.TokenPair:
    """Register a user, log in and return the tokens."""
    users.Register(ANN)
    return users.Login(LOGIN).tokens


def test_an_account_is_stored_in_canonical_form(users: Stub, file_database: Database, clock: Clock) -> None:
    """The email is in lower case, the name has no outer blanks, and only a hash of the password is stored."""
    user = users.Register(ANN).user
    assert (user.username, user.email, user.create_time.ToDatetime(clock.now.tzinfo)) == (
        "Ann",
        "ann@example.org",
        clock.now,
    )
    with file_database.read() as connection:
        stored = connection.execute(text("SELECT password_hash FROM Users")).scalar_one()
    assert stored.startswith("pbkdf2:sha256:10$")
    assert users.GetUser(pb.GetUserRequest(user_id=user.user_id)).user == user


@pytest.mark.parametrize("email", ["ann@example.org", "ANN@EXAMPLE.ORG", " Ann@example.org "])
def test_an_email_belongs_to_one_account(users: Stub, email: str) -> None:
    """The same email in another case is the same address."""
    users.Register(ANN)
    failure = rpc_failure(users.Register, pb.RegisterRequest(username="b", email=email, password="another one"))
    assert (failure.code, failure.message) == (CODE.ALREADY_EXISTS, "Email is already registered.")
    assert failure.metadata == {"email": "ann@example.org"}


def test_parallel_registrations_create_one_account(users: Stub, file_database: Database) -> None:
    """One of eight calls succeeds, and the others get ALREADY_EXISTS, not an internal error."""

    def register(_: int) -> grpc.StatusCode:
        try:
            users.Register(ANN)
        except grpc.RpcError as error:
            return parse_failure(error).code
        return CODE.OK

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(register, range(8)))
    assert sorted(code.name for code in codes) == ["ALREADY_EXISTS"] * 7 + ["OK"]
    assert count(file_database, "Users") == 1


REQUIRED = "Username, email and password are required."


@pytest.mark.parametrize(
    ("username", "email", "password", "sentence"),
    [
        ("", "a@b.c", "secret", REQUIRED),
        ("a", "", "secret", REQUIRED),
        ("a", "a@b.c", "", REQUIRED),
        ("  ", "a@b.c", "secret", REQUIRED),
        ("a", "   ", "secret", REQUIRED),
        ("", "", "", REQUIRED),
        ("a", "no-email", "secret", "Invalid email format."),
        ("a", "a@b", "secret", "Invalid email format."),
        ("a", "a b@c.d", "secret", "Invalid email format."),
        ("a", "a@b.c\0", "secret", "Invalid email format."),
        ("a", "a" * 95 + "@b.cde", "secret", "Invalid email format."),
        ("a", "é@b.c", "secret", "Invalid email format."),
        ("a", "a@b.c", "12345", "Password must be at least 6 characters."),
        ("a" * 51, "a@b.c", "secret", "username must be at most 50 characters."),
        ("a\nb", "a@b.c", "secret", "username must not contain control characters."),
        ("a", "a@b.c", "x" * 1025, "password must be at most 1024 characters."),
    ],
)
def test_invalid_accounts_are_refused_with_the_message_of_the_contract(
    users: Stub, username: str, email: str, password: str, sentence: str
) -> None:
    """Missing, malformed, too long and too short fields each have a message, and the next valid call works."""
    failure = rpc_failure(users.Register, pb.RegisterRequest(username=username, email=email, password=password))
    assert (failure.code, failure.message) == (CODE.INVALID_ARGUMENT, sentence)
    assert users.Register(ANN).user.user_id


def test_a_login_opens_a_session(users: Stub, clock: Clock) -> None:
    """Both tokens contain the user and the session, and the response contains the user and the session's end."""
    user = users.Register(ANN).user
    response = users.Login(pb.LoginRequest(email=" ANN@example.org", password="correct horse"))
    access, refresh_claims = claims(response.tokens.access_token), claims(response.tokens.refresh_token)
    assert response.user == user
    assert (access["type"], refresh_claims["type"]) == ("access", "refresh")
    assert access["sub"] == refresh_claims["sub"] == str(user.user_id)
    assert access["name"] == "Ann"
    assert access["sid"] == refresh_claims["sid"]
    assert (
        refresh_claims["exp"] == response.tokens.refresh_expire_time.seconds == int(clock.now.timestamp()) + 24 * 3600
    )


def test_two_logins_are_two_sessions(users: Stub, session: pb.TokenPair) -> None:
    """The second log-in does not end the first session."""
    other = users.Login(LOGIN).tokens
    assert claims(other.access_token)["sid"] != claims(session.access_token)["sid"]
    assert refresh(users, session.refresh_token)
    assert refresh(users, other.refresh_token)


@pytest.mark.parametrize(("email", "known"), [("ann@example.org", True), ("bob@example.org", False)])
def test_a_failed_login_does_not_reveal_whether_the_email_is_known(
    users: Stub, hasher: CountingHasher, email: str, *, known: bool
) -> None:
    """A wrong password and an unknown email get the same error, after one checked hash each."""
    users.Register(ANN)
    failure = rpc_failure(users.Login, pb.LoginRequest(email=email, password="wrong horse"))
    assert (failure.code, failure.message, failure.reason) == (
        CODE.UNAUTHENTICATED,
        "Invalid email or password.",
        "BAD_CREDENTIALS",
    )
    assert [stored is not None for stored in hasher.checks] == [known]


@pytest.mark.parametrize(("email", "password"), [("", "x"), ("a@b.c", ""), ("", ""), ("  ", "x")])
def test_a_login_needs_email_and_password(users: Stub, email: str, password: str) -> None:
    """The message is the one of the REST contract."""
    failure = rpc_failure(users.Login, pb.LoginRequest(email=email, password=password))
    assert (failure.code, failure.message) == (CODE.INVALID_ARGUMENT, "Email and password are required.")


def test_an_outdated_hash_is_replaced_at_login(serve: Serve, file_database: Database) -> None:
    """The first successful log-in after a change of the iterations replaces the hash."""
    with serve(CountingHasher(iterations=5)) as before:
        before.Register(ANN)
    with serve(CountingHasher(iterations=20)) as after:
        rpc_failure(after.Login, pb.LoginRequest(email="ann@example.org", password="wrong horse"))
        assert count(file_database, "Users", "password_hash LIKE 'pbkdf2:sha256:5$%'") == 1
        after.Login(LOGIN)
        assert count(file_database, "Users", "password_hash LIKE 'pbkdf2:sha256:20$%'") == 1
        assert after.Login(LOGIN).tokens.access_token


def test_a_refresh_returns_new_tokens_of_the_same_session(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """Each rotation returns new tokens, and keeps the session and its end."""
    last = session
    for _ in range(3):
        clock.advance(0.001)
        rotated = refresh(users, last.refresh_token)
        assert rotated.refresh_token != last.refresh_token
        assert claims(rotated.refresh_token)["sid"] == claims(session.refresh_token)["sid"]
        assert claims(rotated.refresh_token)["exp"] == claims(session.refresh_token)["exp"]
        assert rotated.refresh_expire_time == session.refresh_expire_time
        assert claims(rotated.access_token)["type"] == "access"
        last = rotated


def test_a_refresh_returns_tokens_of_the_same_user(users: Stub, session: pb.TokenPair) -> None:
    """With two users, each gets their own tokens."""
    bob = users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple")).user
    tokens = users.Login(pb.LoginRequest(email="bob@example.org", password="battery staple")).tokens
    access = claims(refresh(users, tokens.refresh_token).access_token)
    assert (access["sub"], access["name"]) == (str(bob.user_id), "Bob")
    assert claims(refresh(users, session.refresh_token).access_token)["name"] == "Ann"


def test_parallel_refreshes_get_the_same_successor(users: Stub, session: pb.TokenPair) -> None:
    """Twenty tabs that refresh at once get the same token, and none of them is logged out."""
    with ThreadPoolExecutor(20) as pool:
        pairs = list(pool.map(lambda _: refresh(users, session.refresh_token), range(20)))
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert refresh(users, pairs[0].refresh_token)


def test_a_refresh_can_be_retried_after_a_lost_response(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """Within ten seconds a used token returns the same successor."""
    first = refresh(users, session.refresh_token)
    clock.advance(10)
    assert refresh(users, session.refresh_token).refresh_token == first.refresh_token


def test_a_token_that_is_reused_later_ends_the_session(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """After the reuse of a copied token, thief and user have to log in again; the user's other session continues."""
    other = users.Login(LOGIN).tokens
    rotated = refresh(users, session.refresh_token)
    clock.advance(11)
    for token in (session.refresh_token, rotated.refresh_token, session.refresh_token):
        failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=token))
        assert (failure.code, failure.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token.")
    assert refresh(users, other.refresh_token)


def test_logging_out_ends_all_tokens_of_the_session(users: Stub, session: pb.TokenPair) -> None:
    """Its old and new refresh tokens are invalid, also within the grace period; the other session continues."""
    other = users.Login(LOGIN).tokens
    rotated = refresh(users, session.refresh_token)
    request = pb.LogoutRequest(session_id=claims(session.access_token)["sid"])
    for _ in range(2):
        users.Logout(request)
    for token in (session.refresh_token, rotated.refresh_token):
        assert rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=token)).message == "Invalid refresh token."
    assert refresh(users, other.refresh_token)


def test_logging_out_of_an_unknown_session_is_no_error(users: Stub) -> None:
    """An unknown session has ended already; a text that is no UUID is invalid."""
    users.Logout(pb.LogoutRequest(session_id=str(uuid.uuid4())))
    assert rpc_failure(users.Logout, pb.LogoutRequest(session_id="x")).code is CODE.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("token", "code", "sentence"),
    [
        ("", CODE.UNAUTHENTICATED, "Missing refresh token."),
        ("x", CODE.UNAUTHENTICATED, "Invalid refresh token."),
        ("x" * 4097, CODE.INVALID_ARGUMENT, "refresh_token must be at most 4096 bytes."),
    ],
)
def test_an_invalid_refresh_token_is_refused(users: Stub, token: str, code: grpc.StatusCode, sentence: str) -> None:
    """Missing, malformed and too long tokens each have their message."""
    failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=token))
    assert (failure.code, failure.message) == (code, sentence)


def test_an_access_token_cannot_be_used_to_refresh(users: Stub, session: pb.TokenPair) -> None:
    """The error is INVALID_ARGUMENT, because the REST contract promises 400 and not 401."""
    failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=session.access_token))
    assert (failure.code, failure.message, failure.reason) == (
        CODE.INVALID_ARGUMENT,
        "Invalid token type",
        "TOKEN_TYPE",
    )


def test_an_expired_session_cannot_be_refreshed(users: Stub, clock: Clock) -> None:
    """A day after the log-in the refresh token has expired."""
    clock.advance(-25 * 3600)
    users.Register(ANN)
    old = users.Login(LOGIN).tokens
    failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=old.refresh_token))
    assert (failure.code, failure.message) == (CODE.UNAUTHENTICATED, "Refresh token expired.")


def test_a_token_of_a_deleted_user_is_refused(users: Stub, session: pb.TokenPair, file_database: Database) -> None:
    """The session of a deleted account cannot continue."""
    execute_unchecked(file_database, "DELETE FROM Users")
    failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=session.refresh_token))
    assert (failure.code, failure.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token user.")


def test_a_session_ends_when_the_stored_password_changes(
    users: Stub, session: pb.TokenPair, file_database: Database
) -> None:
    """Also when an operator replaces the hash by SQL; a session that is opened with the new password continues."""
    with file_database.read() as connection:
        old_hash = connection.execute(text("SELECT password_hash FROM Users")).scalar_one()
    new_hash = CountingHasher().hash("battery staple")
    execute(file_database, "UPDATE Users SET password_hash = :new", new=new_hash)
    rotated = pb.RefreshRequest(refresh_token=session.refresh_token)
    for _ in range(2):
        failure = rpc_failure(users.Refresh, rotated)
        assert (failure.code, failure.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token.")
    new = users.Login(pb.LoginRequest(email="ann@example.org", password="battery staple")).tokens
    assert refresh(users, refresh(users, new.refresh_token).refresh_token)
    execute(file_database, "UPDATE Users SET password_hash = :old", old=old_hash)
    assert rpc_failure(users.Refresh, rotated).message == "Invalid refresh token."


def test_a_session_continues_when_its_hash_gets_new_parameters(serve: Serve, file_database: Database) -> None:
    """The password is the same; sessions of an earlier release, which store no digest, continue as well."""
    with serve(CountingHasher(iterations=5)) as before:
        before.Register(ANN)
        tokens = [before.Login(LOGIN).tokens for _ in range(2)]
        old_session = claims(tokens[1].access_token)["sid"]
    execute(file_database, "UPDATE RefreshTokens SET credentials = NULL WHERE family = :family", family=old_session)
    with serve(CountingHasher(iterations=20)) as after:
        after.Login(LOGIN)
        assert count(file_database, "Users", "password_hash LIKE 'pbkdf2:sha256:20$%'") == 1
        for each in tokens:
            assert refresh(after, refresh(after, each.refresh_token).refresh_token)


def test_a_token_of_a_deleted_user_does_not_act_as_the_next_one(
    users: Stub, session: pb.TokenPair, file_database: Database, clock: Clock
) -> None:
    """Even if its id is given to the next account, and the rows of its sessions are still stored."""
    user_id = int(claims(session.access_token)["sub"])
    execute_unchecked(file_database, "DELETE FROM Users")
    clock.advance(1)
    bob = users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple")).user
    execute(file_database, "UPDATE Users SET user_id = :old WHERE user_id = :new", old=user_id, new=bob.user_id)
    failure = rpc_failure(users.Refresh, pb.RefreshRequest(refresh_token=session.refresh_token))
    assert (failure.code, failure.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token.")


def test_a_login_deletes_expired_tokens(users: Stub, clock: Clock, file_database: Database) -> None:
    """The table of tokens stays bounded, because tokens of any user are deleted."""
    clock.advance(-25 * 3600)
    users.Register(ANN)
    for _ in range(3):
        users.Login(LOGIN)
    clock.advance(25 * 3600)
    users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple"))
    users.Login(pb.LoginRequest(email="bob@example.org", password="battery staple"))
    assert count(file_database, "RefreshTokens") == 1


@pytest.mark.parametrize(("user_id", "code"), [(999, CODE.NOT_FOUND), (0, CODE.INVALID_ARGUMENT)])
def test_an_unknown_account_is_not_found(users: Stub, user_id: int, code: grpc.StatusCode) -> None:
    """An id below one is invalid."""
    assert rpc_failure(users.GetUser, pb.GetUserRequest(user_id=user_id)).code is code
