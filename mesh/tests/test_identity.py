"""A token identifies its caller to one service for a minute; anything else is rejected."""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from mesh import certified_tokens, identity
from mesh.certs import CertifiedKey, create_authority, create_certificate, write_certificates
from mesh.credentials import Credentials
from mesh.env import ConfigError
from mesh.errors import Unauthenticated
from mesh.identity import TOKEN_LIFETIME_SECONDS, Signer, Verifier, derive_secret
from mesh.secrets import read_credentials
from mesh.testing import SECRET, Clock
from mesh.tls import Tls

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


def claims_of(token: str) -> Any:
    """Return the claims of a token without verifying it."""
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_names_its_caller() -> None:
    """The service that it is meant for reads the name of the signer."""
    assert Verifier("books", SECRET).caller(Signer("gateway", SECRET).token("books")) == "gateway"


@pytest.mark.parametrize("skew_seconds", [-5, -4, 4, 5])
def test_the_clock_of_the_caller_may_differ_a_little(skew_seconds: float) -> None:
    """Machines whose clocks differ by up to five seconds can call each other, until the caller renews its token."""
    now = time.time()
    signer = Signer("gateway", SECRET, lambda: now + skew_seconds)
    verifier_time = now
    verifier = Verifier("books", SECRET, lambda: verifier_time)
    assert verifier.caller(signer.token("books")) == "gateway"
    verifier_time = now + TOKEN_LIFETIME_SECONDS / 2
    assert verifier.caller(signer.token("books")) == "gateway"


def test_a_clock_that_is_set_back_stops_no_calls() -> None:
    """The signer creates a new token, and the verifier no longer accepts the one that it has cached."""
    clock = Clock(datetime.now(UTC))
    signer, verifier = Signer("gateway", SECRET, clock.timestamp), Verifier("books", SECRET, clock.timestamp)
    old = signer.token("books")
    verifier.caller(old)
    clock.advance(-86400)
    new = signer.token("books")
    assert claims_of(new)["iat"] == int(clock.timestamp())
    assert verifier.caller(new) == "gateway"
    with pytest.raises(Unauthenticated):
        Verifier("books", SECRET, clock.timestamp).caller(encoded(nbf=int(time.time()) + 10))


TLS = Tls(Path("no certificates are read"))
WITH_TLS = Credentials(SECRET, tls=TLS)


def test_with_tls_the_certificate_of_the_peer_proves_the_name() -> None:
    """The exact DNS name of the mesh counts, and no other name that a certificate may contain."""
    token, verifier = Signer("worker", WITH_TLS).token("books"), Verifier("books", WITH_TLS)
    assert verifier.caller(token, frozenset({"localhost", "worker.mesh"})) == "worker"
    for names in (
        None,
        frozenset[str](),
        frozenset({"books.mesh"}),
        frozenset({"worker"}),
        frozenset({"*.mesh"}),
        frozenset({"worker.mesh.example"}),
        frozenset({"Worker.mesh"}),
        frozenset({"localhost"}),
    ):
        with pytest.raises(Unauthenticated, match=r"^No certificate proves the name in the mesh token\.$"):
            verifier.caller(token, names)


def test_a_cached_token_is_valid_for_its_peer_only() -> None:
    """Another process that sends a token of the worker is refused, before and after the worker has used the token."""
    token, verifier = Signer("worker", WITH_TLS).token("books"), Verifier("books", WITH_TLS)
    worker, orders = frozenset({"worker.mesh"}), frozenset({"orders.mesh"})
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            verifier.caller(token, orders)
        assert verifier.caller(token, worker) == "worker"


def test_without_tls_the_names_do_not_matter() -> None:
    """The key alone proves the name, and a certificate in the token proves nothing."""
    token = Signer("worker", SECRET).token("books")
    assert Verifier("books", SECRET).caller(token, frozenset({"books.mesh"})) == "worker"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder with the certificates of two services."""
    folder = tmp_path_factory.mktemp("identity") / "certs"
    write_certificates(folder, ["books", "worker"], days=1)
    return folder


def test_a_portable_token_proves_its_name_through_any_peer(certificates: Path) -> None:
    """The gateway can pass it on; its signer needs the key of its own certificate, and not the mesh's key."""
    token = Signer("worker", Credentials("k" * 32, tls=Tls(certificates))).portable_token("orders")
    verifier = Verifier("orders", Credentials(SECRET, tls=Tls(certificates)))
    for names in (None, frozenset({"gateway.mesh"})):
        assert verifier.caller(token, names) == "worker"
    with pytest.raises(Unauthenticated):
        Verifier("orders", SECRET).caller(token)  # without TLS no authority is known


def portable(certificates: Path, signer: str = "books", **changes: object) -> str:
    """Return a token that a process has signed with the key of its certificate, with other claims if given."""
    return certified_tokens.encode(Tls(certificates), signer, claims(**{"iss": "worker", **changes}))


def with_header(token: str, key: EllipticCurvePrivateKey | RSAPrivateKey, **changes: object) -> str:
    """Return a token with the same claims, another header and another signature."""
    header = {name: value for name, value in jwt.get_unverified_header(token).items() if name not in {"alg", "typ"}}
    return jwt.encode(claims_of(token), key, "ES256", headers={**header, **changes})


def forged_portable_tokens(folder: Path) -> dict[str, str]:
    """Return tokens for `worker` by name, none of which the owner of the worker's key has signed for `books`."""
    own = portable(folder, "worker")
    own_certificate = jwt.get_unverified_header(own)["x5c"][0]
    books = Tls(folder).load_pair("books")[1]
    authority_key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(authority_key, EllipticCurvePrivateKey)
    authority = CertifiedKey(authority_key, Tls(folder).load_authorities()[0])
    lifetime, now = timedelta(days=1), datetime.now(UTC)
    pairs = {
        "another authority": create_certificate(create_authority(lifetime, now), "worker", lifetime, now),
        "an expired certificate": create_certificate(authority, "worker", lifetime, now - 3 * lifetime),
        "a future certificate": create_certificate(authority, "worker", lifetime, now + lifetime),
        "the authority itself": authority,
    }
    forged = {
        name: with_header(own, pair.key, x5c=[base64.b64encode(pair.certificate.public_bytes(Encoding.DER)).decode()])
        for name, pair in pairs.items()
    }
    return forged | {
        "the books' certificate": portable(folder),
        "the books' key": with_header(own, books),
        "another service": portable(folder, "worker", aud="orders"),
        "two services": portable(folder, "worker", aud=["books", "orders"]),
        "ten years": portable(folder, "worker", exp=int(time.time()) + 10 * 365 * 86400),
        "no certificate": with_header(own, books, x5c=[]),
        "two certificates": with_header(own, books, x5c=[own_certificate, own_certificate]),
        "x5c a text": with_header(own, books, x5c=own_certificate),
        "x5c no base64": with_header(own, books, x5c=["?"]),
        "x5c no certificate": with_header(own, books, x5c=["aGVsbG8="]),
        "HS256 with the certificate as the key": jwt.encode(
            claims_of(own), own_certificate, "HS256", headers={"x5c": [own_certificate]}
        ),
        "the mesh's key": jwt.encode(claims_of(own), SECRET, "HS256", headers={"x5c": [own_certificate]}),
        "unsigned": jwt.encode(claims_of(own), "", "none", headers={"x5c": [own_certificate]}),
    }


def test_a_forged_portable_token_is_rejected(certificates: Path) -> None:
    """The certificate must be valid, of our authority and for the name, and its key must have signed the token."""
    verifier = Verifier("books", Credentials(SECRET, tls=Tls(certificates)))
    assert verifier.caller(portable(certificates, "worker")) == "worker"
    for name, token in forged_portable_tokens(certificates).items():
        with pytest.raises(Unauthenticated):
            pytest.fail(f"{name}: {verifier.caller(token, frozenset({'books.mesh', 'gateway.mesh'}))}")


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
