"""A token identifies its caller to one service for a minute; anything else is rejected."""

import time
from collections.abc import Callable

import jwt
import pytest

from mesh import identity
from mesh.env import ConfigError
from mesh.errors import Unauthenticated
from mesh.identity import TOKEN_LIFETIME_SECONDS, Signer, Verifier, derive_secret
from mesh.secrets import read_credentials
from mesh.testing import SECRET, Clock

pytestmark = pytest.mark.unit

LONG = "a key of thirty-two bytes or more"


def claims(**changes: object) -> dict[str, object]:
    """Return the claims of a valid token for `books` with the given changes; None removes a claim."""
    now = int(time.time())
    valid: dict[str, object] = {"iss": "gateway", "aud": "books", "iat": now, "exp": now + 60}
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def encoded(secret: str = SECRET, algorithm: str | None = "HS256", **changes: object) -> str:
    """Return a token with those claims."""
    return jwt.encode(claims(**changes), secret, algorithm)


def test_a_token_names_its_caller() -> None:
    """The service that it is meant for reads the name of the signer."""
    assert Verifier("books", SECRET).caller(Signer("gateway", SECRET).token("books")) == "gateway"


def test_the_clock_of_the_caller_may_be_a_little_ahead() -> None:
    """Machines whose clocks differ by a few seconds can call each other."""
    ahead = Signer("gateway", SECRET, lambda: time.time() + 4)
    assert Verifier("books", SECRET).caller(ahead.token("books")) == "gateway"


def test_a_token_is_valid_for_one_service_only() -> None:
    """A service cannot use a token that it received to call another one."""
    token = Signer("gateway", SECRET).token("books")
    with pytest.raises(Unauthenticated, match=r"^The mesh token is not valid for this service\.$"):
        Verifier("orders", SECRET).caller(token)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the test forges tokens with weak keys
@pytest.mark.parametrize(
    "forge",
    [
        lambda: encoded(secret="another key, of thirty-two bytes too"),
        lambda: encoded(algorithm="HS512"),
        lambda: encoded(secret="", algorithm="none"),
        lambda: encoded(iss=None),
        lambda: encoded(aud=None),
        lambda: encoded(iat=None),
        lambda: encoded(exp=None),
        lambda: encoded(exp="soon"),
        lambda: encoded(aud=["books", "orders"]),
        lambda: encoded(exp=float("inf")),
        lambda: encoded(exp=int(time.time()) + 10 * 365 * 86400),
        lambda: encoded(iat=int(time.time()) + 60, exp=int(time.time()) + 120),
        lambda: encoded(exp=float("nan")),
        lambda: encoded() + "x",
        lambda: "",
        lambda: "no token at all",
        lambda: "a.b.c",
    ],
    ids=[
        "key",
        "HS512",
        "none",
        "iss",
        "aud",
        "iat",
        "exp",
        "exp no number",
        "two services",
        "exp infinite",
        "exp in ten years",
        "iat in a minute",
        "exp NaN",
        "signature",
        "empty",
        "words",
        "dots",
    ],
)
def test_a_forged_or_incomplete_token_is_rejected(forge: Callable[[], str]) -> None:
    """All of them are the same error, also when they are sent again."""
    token, verifier = forge(), Verifier("books", SECRET)
    for _ in range(2):
        with pytest.raises(Unauthenticated, match=r"^The mesh token is not valid for this service\.$"):
            verifier.caller(token)


def test_a_token_expires() -> None:
    """A token that was signed two minutes ago is rejected with a reason of its own."""
    clock = Clock()
    token = Signer("gateway", SECRET, clock.timestamp).token("books")
    clock.advance(120)
    with pytest.raises(Unauthenticated) as raised:
        Verifier("books", SECRET, clock.timestamp).caller(token)
    assert raised.value.reason == "TOKEN_EXPIRED"


def test_a_cached_token_expires_too() -> None:
    """A token that was valid once does not stay valid."""
    clock = Clock()
    verifier, token = (
        Verifier("books", SECRET, clock.timestamp),
        Signer("gateway", SECRET, clock.timestamp).token("books"),
    )
    assert verifier.caller(token) == "gateway"
    clock.advance(TOKEN_LIFETIME_SECONDS + 1)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.caller(token)


def test_a_signer_creates_a_new_token_after_half_of_the_lifetime() -> None:
    """A token is reused for 30 seconds, so that it does not expire in transit."""
    clock = Clock()
    signer = Signer("gateway", SECRET, clock.timestamp)
    first = signer.token("books")
    clock.advance(TOKEN_LIFETIME_SECONDS / 2 - 1)
    assert signer.token("books") == first
    clock.advance(2)
    assert signer.token("books") != first


def test_each_service_gets_its_own_token() -> None:
    """The signer caches one token per service."""
    signer = Signer("gateway", SECRET)
    assert signer.token("books") != signer.token("orders")
    assert Verifier("orders", SECRET).caller(signer.token("orders")) == "gateway"


def test_the_cache_of_a_verifier_is_bounded() -> None:
    """Any number of tokens takes a limited amount of memory."""
    verifier = Verifier("books", SECRET)
    for number in range(identity.MAX_CACHED_TOKENS + 10):
        assert verifier.caller(encoded(iss=f"caller{number}")) == f"caller{number}"
    assert len(verifier._cache) <= identity.MAX_CACHED_TOKENS


def test_a_cached_token_costs_nearly_nothing() -> None:
    """Signing and verifying take less than 10 microseconds: the work is done once per minute, not once per call."""
    signer, verifier, rounds = Signer("gateway", SECRET), Verifier("books", SECRET), 2000
    verifier.caller(signer.token("books"))
    fastest = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(rounds):
            verifier.caller(signer.token("books"))
        fastest = min(fastest, (time.perf_counter() - started) / rounds)
    assert fastest < 10e-6


def test_the_mesh_key_is_derived_from_the_jwt_key() -> None:
    """Tokens signed with one of the two are invalid for the other; the derivation is stable."""
    derived = read_credentials({"JWT_SECRET_KEY": LONG}).secret
    assert derived == derive_secret(LONG) != LONG
    assert len(bytes.fromhex(derived)) == 32
    assert derive_secret(f"{LONG}!") != derived
    with pytest.raises(Unauthenticated):
        Verifier("books", derived).caller(encoded(secret=LONG))


def test_mesh_secret_takes_precedence() -> None:
    """`MESH_SECRET` is used unchanged."""
    assert read_credentials({"JWT_SECRET_KEY": LONG, "MESH_SECRET": SECRET}).secret == SECRET


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"MESH_SECRET": LONG}, {"MESH_SECRET": SECRET, "MESH_SECRET_PREVIOUS": LONG}),
        ({"JWT_SECRET_KEY": LONG}, {"JWT_SECRET_KEY": SECRET, "JWT_SECRET_KEY_PREVIOUS": LONG}),
    ],
)
def test_after_a_rotation_the_previous_key_still_verifies(before: dict[str, str], after: dict[str, str]) -> None:
    """Tokens of services that were not restarted yet are valid; those services reject tokens of the new key."""
    old, new = read_credentials(before), read_credentials(after)
    assert Verifier("books", new).caller(Signer("worker", old).token("books")) == "worker"
    assert Verifier("books", new).caller(Signer("worker", new).token("books")) == "worker"
    with pytest.raises(Unauthenticated):
        Verifier("books", old).caller(Signer("worker", new).token("books"))


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "JWT_SECRET_KEY"),
        ({"JWT_SECRET_KEY": "short"}, "JWT_SECRET_KEY"),
        ({"MESH_SECRET": "short"}, "MESH_SECRET"),
        ({"MESH_SECRET": LONG, "MESH_SECRET_PREVIOUS": "short"}, "MESH_SECRET_PREVIOUS"),
        ({"JWT_SECRET_KEY": LONG, "JWT_SECRET_KEY_PREVIOUS": "short"}, "JWT_SECRET_KEY_PREVIOUS"),
    ],
)
def test_a_missing_or_short_key_is_an_error(environ: dict[str, str], named: str) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match=f"^{named} "):
        read_credentials(environ)
