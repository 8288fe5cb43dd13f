"""The security log names account and client address of every event, and contains no text of a client."""

from collections.abc import Iterator
from typing import Any

import pytest
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from structlog.testing import capture_logs

from database.engine import Database
from database.tests.rows import execute
from mesh.testing import Clock, rpc_failure
from svc_users.security import audit
from svc_users.tests.test_service import claims

Stub = users_pb2_grpc.UsersStub
ADDRESS = "192.0.2.7"
ANN = pb.RegisterRequest(username="Ann", email="ann@example.org", password="correct horse", client_address=ADDRESS)


def login(users: Stub, password: str = "correct horse", **fields: Any) -> pb.LoginResponse:  # noqa: S107 - of the test
    """Log in as Ann unless another email is given."""
    return users.Login(
        pb.LoginRequest(**{"email": "ann@example.org", "password": password, "client_address": ADDRESS, **fields})
    )


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """Return the lines of the security log, which the test fills."""
    with capture_logs() as captured:
        yield captured


def security(lines: list[Any]) -> list[dict[str, Any]]:
    """Return the lines of the security log without what all lines have."""
    return [
        {name: value for name, value in line.items() if name not in {"source", "log_level", "request_id"}}
        for line in lines
        if line.get("source") == "users.security"
    ]


@pytest.mark.integration
def test_each_event_has_its_account_and_address(
    users: Stub, lines: list[Any], clock: Clock, file_database: Database
) -> None:
    """Log-in, failure, throttling, reuse of a token, log-out and a password change, in this order."""
    clock.advance(-60)  # PyJWT reads the real clock, and refuses tokens of the future
    user_id = users.Register(ANN).user.user_id
    first = login(users).tokens
    for _ in range(3):
        rpc_failure(login, users, "wrong horse")
    rpc_failure(login, users)
    users.Refresh(pb.RefreshRequest(refresh_token=first.refresh_token, client_address=ADDRESS))
    clock.advance(11)
    stolen = pb.RefreshRequest(refresh_token=first.refresh_token, client_address="203.0.113.9")
    assert rpc_failure(users.Refresh, stolen).reason == "REFRESH_INVALID"
    second = login(users).tokens
    session_ids = [claims(tokens.access_token)["sid"] for tokens in (first, second)]
    execute(file_database, "UPDATE Users SET password_hash = 'x'")
    changed = pb.RefreshRequest(refresh_token=second.refresh_token, client_address=ADDRESS)
    assert rpc_failure(users.Refresh, changed).reason == "REFRESH_INVALID"
    users.Logout(pb.LogoutRequest(session_id=session_ids[1], client_address=ADDRESS))
    who = {"user_id": user_id, "address": ADDRESS}
    failed = {"event": "log-in failed", **who}
    logged_in = {"event": "logged in", "known_device": False, **who}
    assert security(lines) == [
        {"event": "registered", **who},
        {**logged_in, "session_id": session_ids[0]},
        failed,
        failed,
        failed,
        {"event": "log-in throttled", "reason": "LOGIN_THROTTLED", **who},
        {"event": "refresh token reused", "session_id": session_ids[0], **who, "address": "203.0.113.9"},
        {**logged_in, "session_id": session_ids[1]},
        {"event": "session ended after a password change", "session_id": session_ids[1], **who},
        {"event": "logged out", "session_id": session_ids[1], **who},
    ]


@pytest.mark.integration
def test_no_email_and_no_password_is_logged(users: Stub, lines: list[Any]) -> None:
    """An email without an account is named by its digest, which is the same for each attempt."""
    for _ in range(2):
        rpc_failure(login, users, "secret word", email="hunter2@example.org")
    first, second = security(lines)
    assert first == second
    assert len(first["email_digest"]) == audit.DIGEST_LENGTH
    assert [word for word in ("hunter2", "secret word") if word in repr(lines)] == []


@pytest.mark.integration
@pytest.mark.parametrize("address", ["no address", '192.0.2.7\n{"event":"logged in"}', "192.0.2", "x" * 5000])
def test_a_text_that_is_no_address_is_refused(users: Stub, address: str) -> None:
    """The contract accepts IP addresses only."""
    failure = rpc_failure(login, users, client_address=address)
    assert (failure.reason, list(failure.fields)) == ("INVALID_FIELD", ["client_address"])


@pytest.mark.unit
@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0\n{}", "fe80::1"),
        ("192.0.2.7\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_is_written_anew(lines: list[Any], address: str, logged: str) -> None:
    """Not even the zone of an IPv6 address, which may be any text, reaches the log."""
    audit.logged_out(7, "the session", address)
    assert [line["address"] for line in security(lines)] == [logged]
