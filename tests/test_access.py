"""Every RPC accepts exactly the callers that the documents name, with valid credentials only."""

import re
import time
from collections.abc import Iterator
from typing import Any

import grpc
import jwt
import pytest

from mesh.client import parse_failure
from mesh.identity import Signer
from mesh.testing import rpc_failure
from tests.harness import DESCRIPTORS, MESH_SECRET, ROOT, Product, running_product
from tests.security_tables import CALLERS, DOCUMENT, rpcs, update_tables

pytestmark = pytest.mark.integration

METHODS = [(name, path, callers) for name, _, path, callers in rpcs()]
REFUSAL_REASONS = {"TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "CALLER_NOT_ALLOWED"}
"""Reasons with which the mesh refuses a caller; the service itself returns every other reason."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services as processes."""
    with running_product(tmp_path_factory.mktemp("access"), *DESCRIPTORS) as started:
        yield started


@pytest.fixture(scope="module")
def channels(product: Product) -> Iterator[dict[str, grpc.Channel]]:
    """A channel to each service that adds no credentials to a call."""
    channels = {name: grpc.insecure_channel(address) for name, address in product.addresses.items()}
    yield channels
    for channel in channels.values():
        channel.close()


def refusal(channel: grpc.Channel, path: str, authorization: str | None) -> str:
    """Return the reason why the mesh refuses an empty request; empty when it accepts the caller."""
    method: Any = channel.unary_unary(path)
    metadata = [] if authorization is None else [("authorization", authorization)]
    try:
        method(b"", metadata=metadata, timeout=10, wait_for_ready=True)
    except grpc.RpcError as error:
        failure = parse_failure(error)
        assert failure.code is not grpc.StatusCode.INTERNAL, path
        return failure.reason if failure.reason in REFUSAL_REASONS else ""
    return ""


def documented_callers() -> dict[str, frozenset[str]]:
    """Return the callers of each RPC in the document's table, by `Service.Rpc`."""
    table: dict[str, frozenset[str]] = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(CALLERS) + 1 and cells[0].startswith("`"):
            table[cells[0].strip("`")] = frozenset(
                caller for caller, mark in zip(CALLERS, cells[1:], strict=True) if mark == "yes"
            )
    return table


def bearer(caller: str, audience: str) -> str:
    """Return a valid Authorization header of a caller."""
    return f"Bearer {Signer(caller, MESH_SECRET).token(audience)}"


def signed(**claims: object) -> str:
    """Return an Authorization header with these claims and a valid signature."""
    return f"Bearer {jwt.encode(claims, MESH_SECRET, 'HS256')}"


@pytest.mark.unit
def test_the_documents_tables_match_the_contracts() -> None:
    """`python -m tests.security_tables` updates them after a contract or a route has changed."""
    text = DOCUMENT.read_text("utf-8")
    assert update_tables(text) == text
    callers_by_rpc = {f"{DESCRIPTORS[name].name}.{path.rpartition('/')[2]}": callers for name, path, callers in METHODS}
    assert documented_callers() == callers_by_rpc
    assert set().union(*callers_by_rpc.values()) <= set(CALLERS)


@pytest.mark.unit
def test_what_the_document_names_exists() -> None:
    """Every file and every test that it refers to exists."""
    names = set(re.findall(r"`([\w/.]+)`", DOCUMENT.read_text("utf-8")))
    files = {name for name in names if "/" in name and not name.startswith("/")}
    assert [name for name in sorted(files) if not (ROOT / name).exists()] == []
    code = "".join(file.read_text("utf-8") for file in ROOT.glob("*/tests/test_*.py"))
    code += "".join(file.read_text("utf-8") for file in (ROOT / "tests").glob("test_*.py"))
    tests = {name for name in names if re.fullmatch(r"test_\w+", name)}
    assert tests
    assert [name for name in sorted(tests) if f"def {name}(" not in code] == []


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, path, _ in METHODS])
def test_an_rpc_accepts_the_callers_in_the_document(channels: dict[str, grpc.Channel], name: str, path: str) -> None:
    """Each caller uses its own valid token; an unknown caller is refused."""
    allowed = documented_callers()[f"{DESCRIPTORS[name].name}.{path.rpartition('/')[2]}"]
    refusals = {caller: refusal(channels[name], path, bearer(caller, name)) for caller in (*CALLERS, "stranger")}
    assert {caller for caller, reason in refusals.items() if not reason} == allowed
    assert set(refusals.values()) <= {"", "CALLER_NOT_ALLOWED"}


@pytest.mark.parametrize(("name", "path", "callers"), METHODS)
def test_no_caller_is_accepted_without_a_valid_token(
    channels: dict[str, grpc.Channel], name: str, path: str, callers: frozenset[str]
) -> None:
    """Missing, forged, expired, incomplete and replayed tokens of allowed callers are refused with their reasons."""
    caller, now = min(callers), int(time.time())
    claims = {"iss": caller, "aud": name, "iat": now, "exp": now + 60}
    other = "orders" if name != "orders" else "books"
    forged = Signer(caller, "a forger's own secret of 32 bytes").token(name)
    attempts = {
        "nothing": (None, "TOKEN_MISSING"),
        "an empty header": ("", "TOKEN_MISSING"),
        "another scheme": ("Basic dGVzdGVyOng=", "TOKEN_MISSING"),
        "no token": ("Bearer x", "TOKEN_INVALID"),
        "forged": (f"Bearer {forged}", "TOKEN_INVALID"),
        "unsigned": (f"Bearer {jwt.encode(claims, '', 'none')}", "TOKEN_INVALID"),
        "expired": (signed(**{**claims, "iat": now - 120, "exp": now - 60}), "TOKEN_EXPIRED"),
        "issued in the future": (signed(**{**claims, "iat": now + 600, "exp": now + 660}), "TOKEN_INVALID"),
        "sent to another service": (bearer(caller, other), "TOKEN_INVALID"),
        "for all services": (signed(**{**claims, "aud": [name, other]}), "TOKEN_INVALID"),
        "without an expiry": (signed(iss=caller, aud=name, iat=now), "TOKEN_INVALID"),
    }
    reasons = {kind: refusal(channels[name], path, header) for kind, (header, _) in attempts.items()}
    assert reasons == {kind: reason for kind, (_, reason) in attempts.items()}


def test_only_health_and_reflection_need_no_token(channels: dict[str, grpc.Channel]) -> None:
    """The health check is public, and undeclared methods do not exist."""
    for name, channel in channels.items():
        assert refusal(channel, "/grpc.health.v1.Health/Check", None) == ""
        for path in (f"/{DESCRIPTORS[name].full_name}/DropTables", "/no.such.Service/Method"):
            method: Any = channel.unary_unary(path)
            metadata = [("authorization", bearer("gateway", name))]
            assert rpc_failure(method, b"", metadata=metadata, timeout=10).code is grpc.StatusCode.UNIMPLEMENTED
