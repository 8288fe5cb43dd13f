"""The tokens hold what the contract says, and nothing else passes for a refresh token."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from mesh.errors import InvalidArgument, Unauthenticated
from svc_users.tests.conftest import SECRET
from svc_users.tokens import Owner, Session, Tokens

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC).replace(microsecond=0)
ANN = Owner(7, "Ann")
SESSION = Session("the-jti", "the-family", NOW, NOW + timedelta(hours=24))


def claims(token: str) -> Any:
    """What a token says, whenever it is good."""
    return jwt.decode(token, SECRET, ["HS256"])


def encoded(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    """A refresh token but for the given changes; None takes a claim away."""
    good = {"sub": "7", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60, "type": "refresh", "jti": "x"}
    return jwt.encode({k: v for k, v in {**good, **changes}.items() if v is not None}, secret, algorithm)


def unsigned() -> str:
    """A token that claims to need no signature."""
    header, payload, _ = encoded().split(".")
    assert header
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{none}.{payload}."


def test_an_access_token_says_whose_it_is_for_fifteen_minutes(tokens: Tokens) -> None:
    """Exactly the contract's claims, and the session's id for the log-out."""
    assert claims(tokens.access(ANN, SESSION, NOW)) == {
        "sub": "7",
        "name": "Ann",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 15 * 60,
        "type": "access",
        "sid": "the-family",
    }


def test_an_access_token_does_not_outlive_its_session(tokens: Tokens) -> None:
    """Five minutes before the session's end, a new access token lasts five minutes."""
    ending = Session("j", "f", NOW, NOW + timedelta(minutes=5))
    told = claims(tokens.access(ANN, ending, NOW))
    assert told["exp"] == int(ending.expires_at.timestamp())


def test_a_refresh_token_lasts_as_long_as_its_session(tokens: Tokens) -> None:
    """It carries the step's id, and is the same token whenever it is made."""
    told = claims(tokens.refresh(ANN, SESSION))
    assert (told["type"], told["jti"], told["sid"]) == ("refresh", "the-jti", "the-family")
    assert told["exp"] - told["iat"] == 24 * 3600
    assert tokens.refresh(ANN, SESSION) == tokens.refresh(ANN, SESSION)
    assert tokens.read_refresh(tokens.refresh(ANN, SESSION)) == "the-jti"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the forger's own carelessness
@pytest.mark.parametrize(
    "forge",
    [
        lambda: encoded(secret="another secret of thirty-two bytes"),
        lambda: encoded(algorithm="HS384"),
        unsigned,
        lambda: encoded(exp=None),
        lambda: encoded(iat=None),
        lambda: encoded(sub=None),
        lambda: encoded(type=None),
        lambda: encoded(jti=None),
        lambda: encoded(jti=""),
        lambda: encoded(jti=7),
        lambda: encoded(exp="soon"),
        lambda: encoded(exp=1e400),
        lambda: "x",
        lambda: "a.b.c",
        lambda: "\0",
        lambda: "é" * 100,
    ],
)
def test_what_is_no_refresh_token_of_ours_is_refused(tokens: Tokens, forge: Callable[[], str]) -> None:
    """Forged, incomplete and malformed tokens are one sentence."""
    with pytest.raises(Unauthenticated, match=r"^Invalid refresh token\.$"):
        tokens.read_refresh(forge())


def test_an_expired_and_a_missing_token_are_said_so(tokens: Tokens) -> None:
    """The contract has a sentence for each."""
    with pytest.raises(Unauthenticated, match=r"^Refresh token expired\.$"):
        tokens.read_refresh(encoded(exp=int(NOW.timestamp()) - 60))
    with pytest.raises(Unauthenticated, match=r"^Missing refresh token\.$"):
        tokens.read_refresh("")


def test_an_access_token_is_no_refresh_token(tokens: Tokens) -> None:
    """It is refused as what it is, so that the caller sees the mix-up."""
    with pytest.raises(InvalidArgument, match=r"^Invalid token type$"):
        tokens.read_refresh(tokens.access(ANN, SESSION, NOW))
