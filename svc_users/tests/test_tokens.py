"""The tokens hold what the contract says, and nothing else passes for a refresh token."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from mesh.errors import InvalidArgument, Unauthenticated
from mesh.identity import Signer
from mesh.keys import Keyring
from mesh.tests.forge import forge
from svc_users.tests.conftest import SECRET
from svc_users.tokens import Owner, Session, Tokens

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC).replace(microsecond=0)
ANN = Owner(7, "Ann")
SESSION = Session("the-jti", "the-family", NOW, NOW + timedelta(hours=24))

GOOD = {"sub": "7", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 600, "type": "refresh", "jti": "x"}


def claims(token: str) -> Any:
    """What a token says, whenever it is good."""
    return jwt.decode(token, SECRET, ["HS256"])


def encoded(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    """A refresh token but for the given changes; None takes a claim away."""
    return jwt.encode({k: v for k, v in {**GOOD, **changes}.items() if v is not None}, secret, algorithm)


def raw(payload: str, secret: str = SECRET, **header: Any) -> str:
    """A signed token of whatever payload and header, even those that PyJWT would not write."""
    return forge(payload.encode(), secret, **header)


def with_raw(claim: str, value: str) -> str:
    """A signed refresh token with one claim as raw JSON."""
    return raw(json.dumps({**GOOD, claim: "RAW"}).replace('"RAW"', value))


def unsigned(algorithm: object) -> str:
    """A token that claims to be signed in that way, and is not."""
    _, payload, _ = encoded().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}."


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
    "kid of nobody": lambda: forge(GOOD, SECRET, kid="nobody"),
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


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the forger's own carelessness
@pytest.mark.parametrize("name", FORGED)
def test_what_is_no_refresh_token_of_ours_is_refused(tokens: Tokens, name: str) -> None:
    """Forged, incomplete and malformed tokens are one sentence, and the next good one is read."""
    with pytest.raises(Unauthenticated, match=r"^Invalid refresh token\.$"):
        tokens.read_refresh(FORGED[name]())
    assert tokens.read_refresh(encoded()) == "x"


def test_a_token_of_the_key_before_still_refreshes() -> None:
    """Changing the key logs nobody out; taking the old one away does."""
    old = "the key before this one, 32+ bytes"
    token = Tokens(Keyring(old)).refresh(ANN, SESSION)
    assert Tokens(Keyring(SECRET, old)).read_refresh(token) == "the-jti"
    with pytest.raises(Unauthenticated):
        Tokens(Keyring(SECRET)).read_refresh(token)


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
