"""Every RPC of every service, tried by everybody: who gets in is what the documents say, and nobody else."""

import re
import time
from collections.abc import Iterator
from typing import Any

import grpc
import jwt
import pytest

from mesh.client import parse_failure
from mesh.identity import Signer
from tests.harness import DESCRIPTORS, MESH_SECRET, ROOT, Product, running
from tests.security_tables import CALLERS, DOCUMENT, rpcs, written

pytestmark = pytest.mark.integration

METHODS = [(name, path, callers) for name, _, path, callers in rpcs()]
REFUSED = {"TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "CALLER_NOT_ALLOWED"}
"""How the mesh refuses a caller; every other answer comes from further in."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The three services as processes."""
    with running(tmp_path_factory.mktemp("access"), *DESCRIPTORS) as started:
        yield started


@pytest.fixture(scope="module")
def channels(product: Product) -> Iterator[dict[str, grpc.Channel]]:
    """A channel to each service that adds nothing to a call."""
    opened = {name: grpc.insecure_channel(address) for name, address in product.addresses.items()}
    yield opened
    for channel in opened.values():
        channel.close()


def refusal(channel: grpc.Channel, path: str, authorization: str | None) -> str:
    """Why the mesh refuses an empty request; empty when it lets the caller in."""
    method: Any = channel.unary_unary(path)
    metadata = [] if authorization is None else [("authorization", authorization)]
    try:
        method(b"", metadata=metadata, timeout=10, wait_for_ready=True)
    except grpc.RpcError as error:
        told = parse_failure(error)
        assert told.code is not grpc.StatusCode.INTERNAL, path
        return told.reason if told.reason in REFUSED else ""
    return ""


def documented() -> dict[str, frozenset[str]]:
    """The callers of each RPC as the document's table says, by `Service.Rpc`."""
    table: dict[str, frozenset[str]] = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(CALLERS) + 1 and cells[0].startswith("`"):
            table[cells[0].strip("`")] = frozenset(
                caller for caller, mark in zip(CALLERS, cells[1:], strict=True) if mark == "yes"
            )
    return table


def bearer(caller: str, audience: str) -> str:
    """A good credential of that caller."""
    return f"Bearer {Signer(caller, MESH_SECRET).token(audience)}"


def signed(**claims: object) -> str:
    """A credential with these claims, rightly signed."""
    return f"Bearer {jwt.encode(claims, MESH_SECRET, 'HS256')}"


@pytest.mark.unit
def test_the_documents_tables_are_the_contracts() -> None:
    """`python -m tests.security_tables` writes them anew after a contract or a row has changed."""
    text = DOCUMENT.read_text("utf-8")
    assert written(text) == text
    names = {f"{DESCRIPTORS[name].name}.{path.rpartition('/')[2]}": callers for name, path, callers in METHODS}
    assert documented() == names
    assert set().union(*names.values()) <= set(CALLERS)


@pytest.mark.unit
def test_what_the_document_names_is_there() -> None:
    """Every file and every test that it refers to exists."""
    named = set(re.findall(r"`([\w/.]+)`", DOCUMENT.read_text("utf-8")))
    files = {name for name in named if "/" in name and not name.startswith("/")}
    assert [name for name in sorted(files) if not (ROOT / name).exists()] == []
    code = "".join(file.read_text("utf-8") for file in ROOT.glob("*/tests/test_*.py"))
    code += "".join(file.read_text("utf-8") for file in (ROOT / "tests").glob("test_*.py"))
    tests = {name for name in named if re.fullmatch(r"test_\w+", name)}
    assert tests
    assert [name for name in sorted(tests) if f"def {name}(" not in code] == []


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, path, _ in METHODS])
def test_who_gets_in_is_what_the_document_says(channels: dict[str, grpc.Channel], name: str, path: str) -> None:
    """Each service under its own name: the ones in the table, and no others."""
    allowed = documented()[f"{DESCRIPTORS[name].name}.{path.rpartition('/')[2]}"]
    answers = {caller: refusal(channels[name], path, bearer(caller, name)) for caller in (*CALLERS, "stranger")}
    assert {caller for caller, refused in answers.items() if not refused} == allowed
    assert set(answers.values()) <= {"", "CALLER_NOT_ALLOWED"}


@pytest.mark.parametrize(("name", "path", "callers"), METHODS)
def test_nobody_gets_in_without_a_good_credential(
    channels: dict[str, grpc.Channel], name: str, path: str, callers: frozenset[str]
) -> None:
    """No token, forged, expired, incomplete and replayed ones, of callers that may: each is refused, by its reason."""
    caller, now = min(callers), int(time.time())
    good = {"iss": caller, "aud": name, "iat": now, "exp": now + 60}
    other = "orders" if name != "orders" else "books"
    forged = Signer(caller, "a forger's own secret of 32 bytes").token(name)
    tried = {
        "nothing": (None, "TOKEN_MISSING"),
        "an empty header": ("", "TOKEN_MISSING"),
        "another scheme": ("Basic dGVzdGVyOng=", "TOKEN_MISSING"),
        "no token": ("Bearer x", "TOKEN_INVALID"),
        "forged": (f"Bearer {forged}", "TOKEN_INVALID"),
        "unsigned": (f"Bearer {jwt.encode(good, '', 'none')}", "TOKEN_INVALID"),
        "expired": (signed(**{**good, "iat": now - 120, "exp": now - 60}), "TOKEN_EXPIRED"),
        "of the future": (signed(**{**good, "iat": now + 600, "exp": now + 660}), "TOKEN_INVALID"),
        "sent to another service": (bearer(caller, other), "TOKEN_INVALID"),
        "for all services": (signed(**{**good, "aud": [name, other]}), "TOKEN_INVALID"),
        "without an end": (signed(iss=caller, aud=name, iat=now), "TOKEN_INVALID"),
    }
    answers = {kind: refusal(channels[name], path, sent) for kind, (sent, _) in tried.items()}
    assert answers == {kind: reason for kind, (_, reason) in tried.items()}


def test_health_and_reflection_are_for_everybody_and_there_is_nothing_else(channels: dict[str, grpc.Channel]) -> None:
    """What a server has beside its contract tells nothing secret; methods that nobody declared are not there."""
    for name, channel in channels.items():
        assert refusal(channel, "/grpc.health.v1.Health/Check", None) == ""
        for path in (f"/{DESCRIPTORS[name].full_name}/DropTables", "/no.such.Service/Method"):
            method: Any = channel.unary_unary(path)
            with pytest.raises(grpc.RpcError) as raised:
                method(b"", metadata=[("authorization", bearer("gateway", name))], timeout=10)
            assert parse_failure(raised.value).code is grpc.StatusCode.UNIMPLEMENTED
