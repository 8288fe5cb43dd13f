"""Tokens name their caller to one service for a minute, and nothing else passes for one."""

import time
from collections.abc import Callable

import jwt
import pytest

from mesh import identity
from mesh.env import ConfigError
from mesh.errors import Unauthenticated
from mesh.identity import TOKEN_LIFETIME_SECONDS, Signer, Verifier, derive_secret
from mesh.secrets import read_credentials
from mesh.testing import SECRET

pytestmark = pytest.mark.unit

LONG = "a key of thirty-two bytes or more"


class Clock:
    """A clock that is moved by hand; it starts at the present."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        """The time that it shows."""
        return self.now


def claims(**changes: object) -> dict[str, object]:
    """Claims of a good token for `books`, but for the given changes; None takes a claim away."""
    now = int(time.time())
    good: dict[str, object] = {"iss": "gateway", "aud": "books", "iat": now, "exp": now + 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def encoded(secret: str = SECRET, algorithm: str | None = "HS256", **changes: object) -> str:
    """A token with those claims."""
    return jwt.encode(claims(**changes), secret, algorithm)


def test_a_token_names_its_caller() -> None:
    """The service that it is meant for reads who made it."""
    assert Verifier("books", SECRET).caller(Signer("gateway", SECRET).token("books")) == "gateway"


def test_a_token_is_good_for_one_service_only() -> None:
    """A service cannot use a token that it was sent to call another one."""
    token = Signer("gateway", SECRET).token("books")
    with pytest.raises(Unauthenticated, match=r"^The mesh token is not valid for this service\.$"):
        Verifier("orders", SECRET).caller(token)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the forger's own carelessness
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
        "exp NaN",
        "signature",
        "empty",
        "words",
        "dots",
    ],
)
def test_a_token_that_is_not_ours_is_refused(forge: Callable[[], str]) -> None:
    """Forged and incomplete tokens are one error, and the second time too."""
    token, verifier = forge(), Verifier("books", SECRET)
    for _ in range(2):
        with pytest.raises(Unauthenticated, match=r"^The mesh token is not valid for this service\.$"):
            verifier.caller(token)


def test_a_token_expires() -> None:
    """A token of two minutes ago is refused, by name of the reason."""
    clock = Clock()
    clock.now -= 120
    token = Signer("gateway", SECRET, clock).token("books")
    with pytest.raises(Unauthenticated) as refused:
        Verifier("books", SECRET).caller(token)
    assert refused.value.reason == "TOKEN_EXPIRED"


def test_a_remembered_token_expires_too() -> None:
    """Having been good once does not keep a token good."""
    clock = Clock()
    verifier, token = Verifier("books", SECRET, clock), Signer("gateway", SECRET, clock).token("books")
    assert verifier.caller(token) == "gateway"
    clock.now += TOKEN_LIFETIME_SECONDS + 1
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.caller(token)


def test_a_signer_makes_a_new_token_at_half_time() -> None:
    """A token is kept for 30 seconds, so that it never expires on its way."""
    clock = Clock()
    signer = Signer("gateway", SECRET, clock)
    first = signer.token("books")
    clock.now += TOKEN_LIFETIME_SECONDS / 2 - 1
    assert signer.token("books") == first
    clock.now += 2
    assert signer.token("books") != first


def test_each_service_gets_a_token_of_its_own() -> None:
    """The kept tokens are not mixed up."""
    signer = Signer("gateway", SECRET)
    assert signer.token("books") != signer.token("orders")
    assert Verifier("orders", SECRET).caller(signer.token("orders")) == "gateway"


def test_a_verifier_remembers_no_more_than_its_limit() -> None:
    """However many tokens come, the memory that they take is bounded."""
    verifier = Verifier("books", SECRET)
    for number in range(identity.MAX_CACHED_TOKENS + 10):
        assert verifier.caller(encoded(iss=f"caller{number}")) == f"caller{number}"
    assert len(verifier._cache) <= identity.MAX_CACHED_TOKENS


def test_a_known_token_costs_nearly_nothing() -> None:
    """Signing and checking again take well under 10 microseconds: once a minute, not once a call, is work done."""
    signer, verifier, rounds = Signer("gateway", SECRET), Verifier("books", SECRET), 2000
    verifier.caller(signer.token("books"))
    fastest = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(rounds):
            verifier.caller(signer.token("books"))
        fastest = min(fastest, (time.perf_counter() - started) / rounds)
    assert fastest < 10e-6


def test_the_meshs_key_is_derived_and_not_the_jwts() -> None:
    """The key of users' tokens signs no mesh token, nor the other way round; the derivation never changes."""
    derived = read_credentials({"JWT_SECRET_KEY": LONG}).secret
    assert derived == derive_secret(LONG) != LONG
    assert len(bytes.fromhex(derived)) == 32
    assert derive_secret(f"{LONG}!") != derived
    with pytest.raises(Unauthenticated):
        Verifier("books", derived).caller(encoded(secret=LONG))


def test_a_key_of_the_meshs_own_counts_more() -> None:
    """`MESH_SECRET` is used as it stands."""
    assert read_credentials({"JWT_SECRET_KEY": LONG, "MESH_SECRET": SECRET}).secret == SECRET


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"MESH_SECRET": LONG}, {"MESH_SECRET": SECRET, "MESH_SECRET_PREVIOUS": LONG}),
        ({"JWT_SECRET_KEY": LONG}, {"JWT_SECRET_KEY": SECRET, "JWT_SECRET_KEY_PREVIOUS": LONG}),
    ],
)
def test_a_changed_key_still_knows_the_one_before(before: dict[str, str], after: dict[str, str]) -> None:
    """Services that were not restarted yet are understood; those that know one key only refuse the other."""
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
def test_a_missing_or_short_key_is_refused(environ: dict[str, str], named: str) -> None:
    """The complaint names the setting."""
    with pytest.raises(ConfigError, match=f"^{named} "):
        read_credentials(environ)
