"""The Users service as the gateway sees it: a real server on a file database."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import jwt
import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import count, execute_unchecked
from mesh.client import Failure, parse_failure
from svc_users.tests.conftest import SECRET, Clock, CountingHasher, Serve

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = users_pb2_grpc.UsersStub
ANN = pb.RegisterRequest(username=" Ann ", email="Ann@Example.org", password="correct horse")
LOGIN = pb.LoginRequest(email="ann@example.org", password="correct horse")


def refused(call: Callable[[Any], Any], request: object) -> Failure:
    """How a call fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(request)
    return parse_failure(raised.value)


def claims(token: str) -> Any:
    """What a token says."""
    return jwt.decode(token, SECRET, ["HS256"])


def refresh(users: Stub, token: str) -> pb.TokenPair:
    """The rotated session."""
    return users.Refresh(pb.RefreshRequest(refresh_token=token)).tokens


@pytest.fixture
def session(users: Stub) -> pb.TokenPair:
    """The tokens of Ann, who has just logged in."""
    users.Register(ANN)
    return users.Login(LOGIN).tokens


def test_an_account_is_stored_in_its_one_form(users: Stub, file_database: Database, clock: Clock) -> None:
    """The email is in lower case, the name without blanks, and of the password there is a hash only."""
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
def test_an_email_has_one_account(users: Stub, email: str) -> None:
    """Another case is the same address."""
    users.Register(ANN)
    told = refused(users.Register, pb.RegisterRequest(username="b", email=email, password="another one"))
    assert (told.code, told.message) == (CODE.ALREADY_EXISTS, "Email is already registered.")
    assert told.metadata == {"email": "ann@example.org"}


def test_two_who_register_at_once_get_one_account(users: Stub, file_database: Database) -> None:
    """One of eight wins; the others are told, none gets an error of ours."""

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
        ("a", "nobody", "secret", "Invalid email format."),
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
def test_bad_accounts_are_refused_in_the_contracts_words(
    users: Stub, username: str, email: str, password: str, sentence: str
) -> None:
    """Missing, malformed and too short each have their sentence, and the next good call works."""
    told = refused(users.Register, pb.RegisterRequest(username=username, email=email, password=password))
    assert (told.code, told.message) == (CODE.INVALID_ARGUMENT, sentence)
    assert users.Register(ANN).user.user_id


def test_a_login_opens_a_session(users: Stub, clock: Clock) -> None:
    """Both tokens name the user and the session; the answer says when it ends and whose it is."""
    user = users.Register(ANN).user
    answer = users.Login(pb.LoginRequest(email=" ANN@example.org", password="correct horse"))
    access, later = claims(answer.tokens.access_token), claims(answer.tokens.refresh_token)
    assert answer.user == user
    assert (access["type"], later["type"]) == ("access", "refresh")
    assert access["sub"] == later["sub"] == str(user.user_id)
    assert access["name"] == "Ann"
    assert access["sid"] == later["sid"]
    assert later["exp"] == answer.tokens.refresh_expire_time.seconds == int(clock.now.timestamp()) + 24 * 3600


def test_two_logins_are_two_sessions(users: Stub, session: pb.TokenPair) -> None:
    """The second does not end the first."""
    other = users.Login(LOGIN).tokens
    assert claims(other.access_token)["sid"] != claims(session.access_token)["sid"]
    assert refresh(users, session.refresh_token)
    assert refresh(users, other.refresh_token)


@pytest.mark.parametrize(("email", "known"), [("ann@example.org", True), ("bob@example.org", False)])
def test_a_failed_login_does_not_tell_whether_the_email_is_known(
    users: Stub, hasher: CountingHasher, email: str, *, known: bool
) -> None:
    """Wrong password and unknown email get the same answer, at the cost of one hash each."""
    users.Register(ANN)
    told = refused(users.Login, pb.LoginRequest(email=email, password="wrong horse"))
    assert (told.code, told.message, told.reason) == (
        CODE.UNAUTHENTICATED,
        "Invalid email or password.",
        "BAD_CREDENTIALS",
    )
    assert [stored is not None for stored in hasher.checks] == [known]


@pytest.mark.parametrize(("email", "password"), [("", "x"), ("a@b.c", ""), ("", ""), ("  ", "x")])
def test_a_login_needs_both(users: Stub, email: str, password: str) -> None:
    """The sentence is the contract's."""
    told = refused(users.Login, pb.LoginRequest(email=email, password=password))
    assert (told.code, told.message) == (CODE.INVALID_ARGUMENT, "Email and password are required.")


def test_an_outdated_hash_is_replaced_at_login(serve: Serve, file_database: Database) -> None:
    """Whoever logs in after the rounds were raised gets a new hash, and only then."""
    with serve(CountingHasher(rounds=5)) as before:
        before.Register(ANN)
    with serve(CountingHasher(rounds=20)) as after:
        refused(after.Login, pb.LoginRequest(email="ann@example.org", password="wrong horse"))
        assert count(file_database, "Users", "password_hash LIKE 'pbkdf2:sha256:5$%'") == 1
        after.Login(LOGIN)
        assert count(file_database, "Users", "password_hash LIKE 'pbkdf2:sha256:20$%'") == 1
        assert after.Login(LOGIN).tokens.access_token


def test_a_refresh_gives_a_new_pair_of_the_same_session(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """The tokens are new, the session and its end are not, however often it is done."""
    last = session
    for _ in range(3):
        clock.move(0.001)
        rotated = refresh(users, last.refresh_token)
        assert rotated.refresh_token != last.refresh_token
        assert claims(rotated.refresh_token)["sid"] == claims(session.refresh_token)["sid"]
        assert claims(rotated.refresh_token)["exp"] == claims(session.refresh_token)["exp"]
        assert rotated.refresh_expire_time == session.refresh_expire_time
        assert claims(rotated.access_token)["type"] == "access"
        last = rotated


def test_a_refresh_belongs_to_whoever_logged_in(users: Stub, session: pb.TokenPair) -> None:
    """With two users about, each gets tokens of their own."""
    bob = users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple")).user
    tokens = users.Login(pb.LoginRequest(email="bob@example.org", password="battery staple")).tokens
    told = claims(refresh(users, tokens.refresh_token).access_token)
    assert (told["sub"], told["name"]) == (str(bob.user_id), "Bob")
    assert claims(refresh(users, session.refresh_token).access_token)["name"] == "Ann"


def test_twenty_tabs_at_once_get_the_same_successor(users: Stub, session: pb.TokenPair) -> None:
    """One wins, and the others get what it got: nobody is logged out by being second."""
    with ThreadPoolExecutor(20) as pool:
        pairs = list(pool.map(lambda _: refresh(users, session.refresh_token), range(20)))
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert refresh(users, pairs[0].refresh_token)


def test_a_reply_that_got_lost_can_be_asked_for_again(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """Within ten seconds the token just used answers with the same successor."""
    first = refresh(users, session.refresh_token)
    clock.move(10)
    assert refresh(users, session.refresh_token).refresh_token == first.refresh_token


def test_a_token_used_again_later_ends_the_session(users: Stub, session: pb.TokenPair, clock: Clock) -> None:
    """A copied token: thief and owner both have to log in again; the user's other session lives."""
    other = users.Login(LOGIN).tokens
    rotated = refresh(users, session.refresh_token)
    clock.move(11)
    for token in (session.refresh_token, rotated.refresh_token, session.refresh_token):
        told = refused(users.Refresh, pb.RefreshRequest(refresh_token=token))
        assert (told.code, told.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token.")
    assert refresh(users, other.refresh_token)


def test_logging_out_ends_all_tokens_of_the_session(users: Stub, session: pb.TokenPair) -> None:
    """Old and new refresh tokens of it are dead, within the grace too; the other session lives."""
    other = users.Login(LOGIN).tokens
    rotated = refresh(users, session.refresh_token)
    request = pb.LogoutRequest(session_id=claims(session.access_token)["sid"])
    for _ in range(2):
        users.Logout(request)
    for token in (session.refresh_token, rotated.refresh_token):
        assert refused(users.Refresh, pb.RefreshRequest(refresh_token=token)).message == "Invalid refresh token."
    assert refresh(users, other.refresh_token)


def test_logging_out_of_nothing_is_no_error(users: Stub) -> None:
    """A session that nobody knows is over already; what is no session id at all is bad input."""
    users.Logout(pb.LogoutRequest(session_id=str(uuid.uuid4())))
    assert refused(users.Logout, pb.LogoutRequest(session_id="x")).code is CODE.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("token", "code", "sentence"),
    [
        ("", CODE.UNAUTHENTICATED, "Missing refresh token."),
        ("x", CODE.UNAUTHENTICATED, "Invalid refresh token."),
        ("x" * 4097, CODE.INVALID_ARGUMENT, "refresh_token must be at most 4096 bytes."),
    ],
)
def test_a_bad_refresh_token_is_refused(users: Stub, token: str, code: grpc.StatusCode, sentence: str) -> None:
    """Missing, malformed and far too long."""
    told = refused(users.Refresh, pb.RefreshRequest(refresh_token=token))
    assert (told.code, told.message) == (code, sentence)


def test_an_access_token_refreshes_nothing(users: Stub, session: pb.TokenPair) -> None:
    """INVALID_ARGUMENT with the contract's words: 400, not 401."""
    told = refused(users.Refresh, pb.RefreshRequest(refresh_token=session.access_token))
    assert (told.code, told.message, told.reason) == (CODE.INVALID_ARGUMENT, "Invalid token type", "TOKEN_TYPE")


def test_an_expired_session_cannot_be_refreshed(users: Stub, clock: Clock) -> None:
    """A day after the log-in it is over, and said so."""
    clock.move(-25 * 3600)
    users.Register(ANN)
    old = users.Login(LOGIN).tokens
    told = refused(users.Refresh, pb.RefreshRequest(refresh_token=old.refresh_token))
    assert (told.code, told.message) == (CODE.UNAUTHENTICATED, "Refresh token expired.")


def test_a_token_of_a_user_who_is_gone_is_refused(users: Stub, session: pb.TokenPair, file_database: Database) -> None:
    """An operator took the account away: the session cannot go on."""
    execute_unchecked(file_database, "DELETE FROM Users")
    told = refused(users.Refresh, pb.RefreshRequest(refresh_token=session.refresh_token))
    assert (told.code, told.message) == (CODE.UNAUTHENTICATED, "Invalid refresh token user.")


def test_expired_tokens_are_cleared_away_at_login(users: Stub, clock: Clock, file_database: Database) -> None:
    """The table of tokens does not grow for ever, not even by those of people who never come back."""
    clock.move(-25 * 3600)
    users.Register(ANN)
    for _ in range(3):
        users.Login(LOGIN)
    clock.move(25 * 3600)
    users.Register(pb.RegisterRequest(username="Bob", email="bob@example.org", password="battery staple"))
    users.Login(pb.LoginRequest(email="bob@example.org", password="battery staple"))
    assert count(file_database, "RefreshTokens") == 1


@pytest.mark.parametrize(("user_id", "code"), [(999, CODE.NOT_FOUND), (0, CODE.INVALID_ARGUMENT)])
def test_an_account_that_does_not_exist_is_not_found(users: Stub, user_id: int, code: grpc.StatusCode) -> None:
    """And an id below one is bad input."""
    assert refused(users.GetUser, pb.GetUserRequest(user_id=user_id)).code is code
