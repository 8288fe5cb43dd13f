"""Only valid tokens are accepted, and others get the messages of the contract."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.http.auth import Access, Authenticator, Caller
from gateway.http.errors import ApiError
from gateway.tests.fakes import JWT_SECRET, Services, bearer, claims, config, service_bearer
from mesh.identity import Signer
from mesh.keys import Keyring
from mesh.testing import SECRET as MESH_SECRET
from mesh.testing import Clock
from mesh.tests.forge import forge

pytestmark = pytest.mark.unit

EXPIRED, INVALID = "Token has expired", "Invalid token"


def signed(payload: Any, secret: str = JWT_SECRET, algorithm: str = "HS256", **header: Any) -> str:
    """Return a token with any claims, even claims that PyJWT would not encode."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return jwt.api_jws.encode(text.encode(), secret, algorithm, headers=header or None)


def unsigned(payload: dict[str, Any], algorithm: object) -> str:
    """Return a token without a signature."""
    parts = (json.dumps({"alg": algorithm, "typ": "JWT"}), json.dumps(payload))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def without_exp(value: str) -> str:
    """Return the JSON of valid claims with a raw value as `exp`."""
    return json.dumps(claims(exp="RAW")).replace('"RAW"', value)


BAD = {
    "expired": (signed(claims(exp=int(time.time()) - 1)), EXPIRED),
    "long expired": (signed(claims(exp=1)), EXPIRED),
    "exp true": (signed(claims(exp=True)), EXPIRED),
    "refresh": (signed(claims(type="refresh")), "Invalid token type"),
    "type missing": (signed(claims(type=None)), INVALID),
    "type a number": (signed(claims(type=1)), "Invalid token type"),
    "type a list": (signed(claims(type=["access"])), "Invalid token type"),
    "exp missing": (signed(claims(exp=None)), INVALID),
    "iat missing": (signed(claims(iat=None)), INVALID),
    "sub missing": (signed(claims(sub=None)), INVALID),
    "sub a number": (signed(claims(sub=7)), INVALID),
    "sub zero": (signed(claims(sub="0")), INVALID),
    "sub negative": (signed(claims(sub="-7")), INVALID),
    "sub padded": (signed(claims(sub=" 7")), INVALID),
    "sub with zeros": (signed(claims(sub="07")), INVALID),
    "sub a word": (signed(claims(sub="admin")), INVALID),
    "sub in other digits": (signed(claims(sub="\u0667")), INVALID),
    "sub too large": (signed(claims(sub=str(2**63))), INVALID),
    "sub of 5000 digits": (signed(claims(sub="9" * 5000)), INVALID),
    "from the future": (signed(claims(iat=int(time.time()) + 3600)), INVALID),
    "iat a word": (signed(claims(iat="now")), INVALID),
    "exp a word": (signed(claims(exp="never")), INVALID),
    "exp NaN": (signed(without_exp("NaN")), INVALID),
    "exp infinite": (signed(without_exp("Infinity")), INVALID),
    "exp overflows": (signed(without_exp("1e999")), INVALID),
    "exp of 400 digits": (signed(without_exp("9" * 400)), INVALID),
    "iat infinite": (signed(json.dumps(claims(iat="RAW")).replace('"RAW"', "1e999")), INVALID),
    "other secret": (signed(claims(), "another secret that has 32 bytes or more"), INVALID),
    "mesh secret": (signed(claims(), MESH_SECRET), INVALID),
    "HS512": (signed(claims(), JWT_SECRET * 2, "HS512"), INVALID),
    "alg none": (unsigned(claims(), "none"), INVALID),
    "alg None": (unsigned(claims(), "None"), INVALID),
    "alg a list": (unsigned(claims(), ["HS256"]), INVALID),
    "alg RS256": (unsigned(claims(), "RS256"), INVALID),
    "signature stripped": (signed(claims()).rpartition(".")[0] + ".", INVALID),
    "payload a list": (signed("[]"), INVALID),
    "payload a word": (signed('"access"'), INVALID),
    "payload no JSON": (signed("{"), INVALID),
    "deep nesting": (signed("[" * 2000 + "]" * 2000), INVALID),
    "payload null": (signed("null"), INVALID),
    "payload no UTF-8": (jwt.api_jws.encode(b"\xff\xfe", JWT_SECRET, "HS256"), INVALID),
    "alg null": (unsigned(claims(), None), INVALID),
    "alg ES256": (unsigned(claims(), "ES256"), INVALID),
    "nbf of the future": (signed(claims(nbf=int(time.time()) + 3600)), INVALID),
    "aud of a service": (signed(claims(aud="orders")), INVALID),
    "unknown kid": (forge(claims(), JWT_SECRET, kid="unknown"), INVALID),
    "kid a path": (forge(claims(), JWT_SECRET, kid="../../dev/null"), INVALID),
    "kid a list": (forge(claims(), JWT_SECRET, kid=["x"]), INVALID),
    "kid null": (forge(claims(), JWT_SECRET, kid=None), INVALID),
    "key in the header": (forge(claims(), "k" * 32, jwk={"kty": "oct", "k": "a2tra2tra2tra2tra2tra2s"}), INVALID),
    "sub an object": (signed(claims(sub={"id": 7})), INVALID),
    "exp a list": (signed(claims(exp=[9999999999])), INVALID),
    "a service's token for another service": (Signer("worker", MESH_SECRET).token("books"), INVALID),
    "a service's token for this one": (Signer("worker", MESH_SECRET).token("orders"), INVALID),
    "critical header": (signed(claims(), crit=["b64"], b64=False), INVALID),
    "no token": ("x", INVALID),
    "three dots": ("...", INVALID),
    "a megabyte": ("a" * 1_000_000, INVALID),
    "not ASCII": ("é.é.é", INVALID),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(client: FlaskClient, name: str) -> None:
    """The response is 401 with the message of the contract, and the next valid token is accepted."""
    token, message = BAD[name]
    response = client.get("/myorders", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json) == (401, {"code": 401, "message": message})
    assert client.get("/myorders", headers=bearer()).status_code == 200


def test_a_token_of_the_previous_key_is_accepted(services: Services) -> None:
    """Tokens of the current and the previous key are valid, with the id of their key and without."""
    old = "the key before this one, 32+ bytes"
    client = create_app(config(JWT_SECRET_KEY_PREVIOUS=old), services.stubs()).test_client()
    for token in (signed(claims(), old), Keyring(old).encode(claims()), Keyring(JWT_SECRET).encode(claims())):
        assert client.get("/myorders", headers=bearer(token)).status_code == 200
    assert client.get("/myorders", headers=bearer(signed(claims(), "z" * 40))).status_code == 401


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Missing Authorization header"),
        ("", "Missing Authorization header"),
        ("Bearer", "Invalid Authorization format"),
        ("Bearer ", "Invalid Authorization format"),
        ("Bearer a b", "Invalid Authorization format"),
        ("Basic YTpi", "Invalid Authorization format"),
        ("Token x", "Invalid Authorization format"),
    ],
)
def test_a_bad_header_is_refused(client: FlaskClient, header: str | None, message: str) -> None:
    """There is one message for a missing header, and one for another scheme."""
    headers = {} if header is None else {"Authorization": header}
    assert client.get("/myorders", headers=headers).json == {"code": 401, "message": message}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(client: FlaskClient, scheme: str) -> None:
    """RFC 9110, section 11.1, makes the scheme case-insensitive."""
    token = bearer()["Authorization"].split()[1]
    assert client.get("/myorders", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


def make_authenticator(clock: Clock | None = None) -> Authenticator:
    """Return an authenticator with the keys of the tests."""
    now = clock.timestamp if clock else time.time
    return Authenticator(Keyring(JWT_SECRET), MESH_SECRET, ("books", "orders"), now)


def authenticate(authenticator: Authenticator, headers: dict[str, str], access: Access = Access.USER) -> Caller:
    """Return the caller that sends these headers."""
    with Flask("test").test_request_context(headers=headers):
        return authenticator.authenticate(access, "orders")


def test_a_cached_token_still_expires() -> None:
    """The time is checked for every request."""
    clock = Clock(datetime.now(UTC))
    authenticator, headers = make_authenticator(clock), bearer()
    assert authenticate(authenticator, headers) == Caller(7)
    assert authenticate(authenticator, headers) == Caller(7)
    clock.advance(901)
    with pytest.raises(ApiError, match=EXPIRED):
        authenticate(authenticator, headers)


def test_a_cached_token_is_not_decoded_again() -> None:
    """The second check of a token is a lookup, not a decoding."""
    authenticator, headers = make_authenticator(), bearer()
    with Flask("test").test_request_context(headers=headers):
        first = authenticator.authenticate(Access.USER, "orders")
        assert authenticator.authenticate(Access.USER, "orders") is first


def test_the_cache_of_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache never holds more than its maximum."""
    monkeypatch.setattr("gateway.http.auth.MAX_CACHED_TOKENS", 3)
    authenticator = make_authenticator()
    for number in range(1, 9):
        assert authenticate(authenticator, bearer(sub=str(number))) == Caller(number)
        assert len(authenticator._cache) <= 3


def test_a_service_is_accepted_with_its_own_token() -> None:
    """The caller has the token to forward, on routes that services may use."""
    authenticator, headers = make_authenticator(), service_bearer("orders")
    caller = Caller(0, (("authorization", headers["Authorization"]),))
    assert authenticate(authenticator, headers, Access.SERVICE) == caller
    assert authenticate(authenticator, headers, Access.USER_OR_SERVICE) == caller
    with pytest.raises(ApiError, match=INVALID):
        authenticate(authenticator, headers, Access.USER)


def test_an_expired_service_token_is_reported() -> None:
    """Services get the same message as users."""
    clock = Clock(datetime.now(UTC))
    authenticator, headers = make_authenticator(clock), service_bearer("orders")
    clock.advance(3601)
    with pytest.raises(ApiError, match=EXPIRED):
        authenticate(authenticator, headers, Access.SERVICE)
