"""The tokens have the claims of the REST contract, and only valid refresh tokens are accepted."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from mesh.errors import InvalidArgument, Unauthenticated
from mesh.identity import Signer
from mesh.keys import Keyring
from mesh.testing import SECRET
from mesh.tests.forge import forge
from svc_users.rules import Session, User
from svc_users.security.tokens import SessionTokens

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC).replace(microsecond=0)
ANN = User(7, "Ann", "ann@example.org", "hash", NOW)
SESSION = Session("the-session", 7, "the-token", NOW, NOW + timedelta(hours=24))

GOOD = {"sub": "7", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 86400, "type": "refresh", "jti": "x"}


def claims(token: str) -> Any:
    """Return the claims of a token, which may have expired during a long test run."""
    return jwt.decode(token, SECRET, ["HS256"], options={"verify_exp": False})


def encoded(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    """Return a refresh token with changed claims; None removes a claim."""
    return jwt.encode({k: v for k, v in {**GOOD, **changes}.items() if v is not None}, secret, algorithm)


def raw(payload: str, secret: str = SECRET, **header: Any) -> str:
    """Return a signed token with any payload and header, even if PyJWT would not write it."""
    return forge(payload.encode(), secret, **header)


def with_raw(claim: str, value: str) -> str:
    """Return a signed refresh token with one claim as raw JSON."""
    return raw(json.dumps({**GOOD, claim: "RAW"}).replace('"RAW"', value))


def unsigned(algorithm: object) -> str:
    """Return a token without a signature whose header names this algorithm."""
    _, payload, _ = encoded().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}."


def test_an_access_token_names_its_user_for_fifteen_minutes(tokens: SessionTokens) -> None:
    """It has exactly the claims of the REST contract, and the session's id for the log-out."""
    assert claims(tokens.access_token(ANN, SESSION, NOW)) == {
        "sub": "7",
        "name": "Ann",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 15 * 60,
        "type": "access",
        "sid": "the-session",
    }


def test_an_access_token_does_not_outlive_its_session(tokens: SessionTokens) -> None:
    """Five minutes before the session ends, a new access token is valid for five minutes."""
    ending = Session("s", 7, "t", NOW, NOW + timedelta(minutes=5))
    content = claims(tokens.access_token(ANN, ending, NOW))
    assert content["exp"] == int(ending.expires_at.timestamp())


def test_a_refresh_token_is_valid_until_its_session_ends(tokens: SessionTokens) -> None:
    """It contains the token's id, and is the same token each time."""
    content = claims(tokens.refresh_token(ANN, SESSION))
    assert (content["type"], content["jti"], content["sid"]) == ("refresh", "the-token", "the-session")
    assert content["exp"] - content["iat"] == 24 * 3600
    assert tokens.refresh_token(ANN, SESSION) == tokens.refresh_token(ANN, SESSION)
    assert tokens.read_refresh_token(tokens.refresh_token(ANN, SESSION)) == "the-token"


FORGED: dict[str, Callable[[], str]] = {
    "another key": lambda: encoded(secret="another secret of thirty-two bytes"),
    "HS384": lambda: encoded(algorithm="HS384"),
    "HS512": lambda: encoded(algorithm="HS512"),
    "alg none": lambda: unsigned("none"),
    "alg NONE": lambda: unsigned("NONE"),
    "alg RS256": lambda: unsigned("RS256"),
    "alg a list": lambda: unsigned(["HS256"]),
    "alg null": lambda: unsigned(None),
    "no exp": lambda: encoded(exp=None),
    "no iat": lambda: encoded(iat=None),
    "no sub": lambda: encoded(sub=None),
    "no type": lambda: encoded(type=None),
    "no jti": lambda: encoded(jti=None),
    "jti empty": lambda: encoded(jti=""),
    "jti a number": lambda: with_raw("jti", "7"),
    "jti a list": lambda: with_raw("jti", '["x"]'),
    "exp a word": lambda: encoded(exp="soon"),
    "exp NaN": lambda: with_raw("exp", "NaN"),
    "exp infinite": lambda: with_raw("exp", "Infinity"),
    "exp overflows": lambda: with_raw("exp", "1e999"),
    "exp of 400 digits": lambda: with_raw("exp", "9" * 400 + ".5"),
    "exp a list": lambda: with_raw("exp", "[9999999999]"),
    "exp an object": lambda: with_raw("exp", '{"$gt": 0}'),
    "iat of the future": lambda: encoded(iat=int(NOW.timestamp()) + 3600),
    "iat NaN": lambda: with_raw("iat", "NaN"),
    "nbf of the future": lambda: encoded(nbf=int(NOW.timestamp()) + 3600),
    "sub a number": lambda: with_raw("sub", "7"),
    "sub an object": lambda: with_raw("sub", '{"id": 7}'),
    "aud of a service": lambda: encoded(aud="users"),
    "a mesh token": lambda: Signer("gateway", SECRET).token("users"),
    "a list": lambda: raw("[]"),
    "a word": lambda: raw('"refresh"'),
    "null": lambda: raw("null"),
    "no JSON": lambda: raw("{"),
    "no UTF-8": lambda: forge(b"\xff\xfe", SECRET),
    "deep nesting": lambda: raw("[" * 3000 + "]" * 3000),
    "critical header": lambda: forge(GOOD, SECRET, crit=["exp"], exp=1),
    "kid unknown": lambda: forge(GOOD, SECRET, kid="unknown"),
    "kid a path": lambda: forge(GOOD, SECRET, kid="../../dev/null"),
    "kid a list": lambda: forge(GOOD, SECRET, kid=["x"]),
    "kid null": lambda: forge(GOOD, SECRET, kid=None),
    "key in the header": lambda: forge(GOOD, "k" * 32, jwk={"kty": "oct", "k": "a2tra2tra2tra2tra2tra2s"}),
    "signature cut": lambda: encoded()[:-5],
    "signature gone": lambda: encoded().rpartition(".")[0] + ".",
    "a letter": lambda: "x",
    "letters and dots": lambda: "a.b.c",
    "dots": lambda: "..",
    "NUL": lambda: "\0",
    "no ASCII": lambda: "é" * 100,
    "a megabyte": lambda: "a" * 1_000_000,
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # forged tokens may have short keys
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_malformed_token_is_refused(tokens: SessionTokens, name: str) -> None:
    """Forged, incomplete and malformed tokens have the same message, and the next valid one is read."""
    with pytest.raises(Unauthenticated, match=r"^Invalid refresh token\.$"):
        tokens.read_refresh_token(FORGED[name]())
    assert tokens.read_refresh_token(encoded()) == "x"


def test_a_token_signed_with_the_previous_key_is_valid() -> None:
    """A new key does not end sessions; removing the previous key does."""
    old = "the previous key of thirty-two bytes"
    token = SessionTokens(Keyring(old)).refresh_token(ANN, SESSION)
    assert SessionTokens(Keyring(SECRET, old)).read_refresh_token(token) == "the-token"
    with pytest.raises(Unauthenticated):
        SessionTokens(Keyring(SECRET)).read_refresh_token(token)


def test_an_expired_and_a_missing_token_have_their_own_message(tokens: SessionTokens) -> None:
    """The messages are those of the REST contract."""
    with pytest.raises(Unauthenticated, match=r"^Refresh token expired\.$"):
        tokens.read_refresh_token(encoded(exp=int(NOW.timestamp()) - 60))
    with pytest.raises(Unauthenticated, match=r"^Missing refresh token\.$"):
        tokens.read_refresh_token("")


def test_an_access_token_is_no_refresh_token(tokens: SessionTokens) -> None:
    """The error says that the type is wrong, so that the caller sees the mistake."""
    with pytest.raises(InvalidArgument, match=r"^Invalid token type$"):
        tokens.read_refresh_token(tokens.access_token(ANN, SESSION, NOW))


def test_a_device_token_is_bound_to_its_account(tokens: SessionTokens) -> None:
    """Another email, another account with the same email or id, and other types of tokens are not known devices."""
    token = tokens.device_token(ANN, "the-device", NOW)
    assert tokens.is_device_token(token, ANN.email)
    assert not tokens.is_device_token(token, "bob@example.org")
    assert not tokens.is_device_token(tokens.access_token(ANN, SESSION, NOW), ANN.email)
    assert not tokens.is_device_token("", ANN.email)
    assert tokens.read_device_token(token, ANN) == "the-device"
    assert tokens.read_device_token(token, replace(ANN, password_hash="new", username="Anna")) == "the-device"
    for other in (replace(ANN, user_id=8), replace(ANN, created_at=NOW + timedelta(seconds=1))):
        assert tokens.read_device_token(token, other) == ""
    assert ANN.email not in json.dumps(claims(token))
