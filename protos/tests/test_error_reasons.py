"""Every reason that the code gives is declared in its package's `ErrorReason`, and every declared reason is used."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from google.protobuf.descriptor import EnumDescriptor, FileDescriptor
from mesh.v1 import errors_pb2

from mesh.errors import MeshError
from registry.services import service, services

ROOT = Path(__file__).parents[2]
ERRORS = {error.__name__ for error in MeshError.__subclasses__()}
"""Names of the error classes, which take a sentence and a reason."""
UNSPECIFIED = "ERROR_REASON_UNSPECIFIED"

pytestmark = pytest.mark.unit


def nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield each node of the code in these folders, with the name of its file."""
    for folder in folders:
        yield from nodes_of(folder)


@cache
def nodes_of(folder: str) -> list[tuple[str, ast.AST]]:
    """Return each node of the code in a folder, with the name of its file."""
    files = [file for file in (ROOT / folder).rglob("*.py") if not {"tests", "testing"} & set(file.parts)]
    return [
        (str(file.relative_to(ROOT)), node) for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))
    ]


def texts(*folders: str) -> set[str]:
    """Return all texts in the code in these folders."""
    return {node.value for _, node in nodes(*folders) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def reason_of(call: ast.Call) -> str | None:
    """Return the reason that an error is made with, None when it is no literal."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    given = call.args[1] if len(call.args) > 1 else keywords.get("reason")
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def used(*folders: str) -> set[str]:
    """Return the reasons that the code in these folders gives, to errors or in tuples after their status code."""
    reasons = {
        f"{file}:{node.lineno}": reason_of(node)
        for file, node in nodes(*folders)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS
    }
    passed_on = {
        text.value
        for _, node in nodes(*folders)
        if isinstance(node, ast.Tuple)
        and len(node.elts) > 1
        and ast.unparse(node.elts[0]).startswith("grpc.StatusCode.")
        and isinstance(text := node.elts[1], ast.Constant)
        and isinstance(text.value, str)
    }
    missing = [place for place, reason in reasons.items() if reason is None]
    assert missing == [], "an error needs a reason, written as a literal"
    return passed_on | {reason for reason in reasons.values() if reason}


def declared(file: FileDescriptor) -> set[str]:
    """Return the reasons that a contract declares."""
    enum: EnumDescriptor = file.enum_types_by_name["ErrorReason"]
    return {value.name for value in enum.values} - {UNSPECIFIED}


@pytest.mark.parametrize("name", [entry.name for entry in services()])
def test_the_reasons_of_a_service_are_those_of_its_contract(name: str) -> None:
    """None is missing in the contract, and the contract promises none that does not exist."""
    package, contract = service(name).package, declared(service(name).descriptor.file)
    assert used(package) - declared(errors_pb2.DESCRIPTOR) <= contract
    assert contract <= texts(package)


def test_the_reasons_of_the_mesh_are_those_of_its_contract() -> None:
    """The mesh kit and the database give the same reasons in every service."""
    contract = declared(errors_pb2.DESCRIPTOR)
    assert used("mesh", "database") <= contract
    assert contract <= texts("mesh", "database", *(entry.package for entry in services()))


def test_no_service_redeclares_a_reason_of_the_mesh() -> None:
    """A reason means the same in every service."""
    for entry in services():
        assert not declared(entry.descriptor.file) & declared(errors_pb2.DESCRIPTOR)


def test_every_documented_reason_is_declared() -> None:
    """The comments of the methods name no reason that does not exist."""
    everything = declared(errors_pb2.DESCRIPTOR).union(*(declared(entry.descriptor.file) for entry in services()))
    for file in ROOT.glob("protos/bookstore/*/v1/*.proto"):
        for line in file.read_text("utf-8").splitlines():
            text = line.strip()
            if text.startswith("// - ") and "(" in text:
                assert text.partition("(")[2].partition(")")[0] in everything, line
