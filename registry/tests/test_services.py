"""The registry contains every service, and the contracts name no others."""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc

from mesh.policy import policies
from mesh.tests import echo
from registry import services as registry
from registry.services import ServiceOptionError, caller_names, entry_of, service, services

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.unit


def test_services_come_in_the_order_of_their_ports() -> None:
    """Each has the name and the port of its contract."""
    ports = [entry.default_port for entry in services()]
    assert ports == sorted(ports)
    assert {("users", 50051), ("books", 50052), ("orders", 50053)} <= {
        (entry.name, entry.default_port) for entry in services()
    }


def test_an_entry_derives_everything_from_the_contract() -> None:
    """Variables, folder and stub follow from the name."""
    books = service("books")
    assert books.descriptor is books_pb2.DESCRIPTOR.services_by_name["Books"]
    assert (books.address_variable, books.target_variable) == ("BOOKS_ADDRESS", "BOOKS_TARGET")
    assert (books.package, books.stub) == ("svc_books", books_pb2_grpc.BooksStub)


def test_every_contract_has_its_folder_and_every_folder_its_contract() -> None:
    """An implementation without a contract, or a contract without an implementation, fails this test."""
    contracts = {file.parents[1].name for file in ROOT.glob("protos/bookstore/*/v1/*.proto") if _has_service(file)}
    assert {entry.name for entry in services()} == contracts
    assert {entry.package for entry in services()} == {folder.parent.name for folder in ROOT.glob("svc_*/__main__.py")}


def test_policies_name_only_callers_that_exist() -> None:
    """A misspelled caller in a contract would lock a service out."""
    for entry in services():
        assert policies(entry.descriptor, caller_names())


def test_importing_the_registry_discovers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contracts are imported at the first use of the list."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    spec = importlib.util.find_spec("registry.services")
    assert spec
    assert spec.loader
    copy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "registry.services", copy)  # dataclasses look their module up
    spec.loader.exec_module(copy)
    with pytest.raises(AssertionError, match="bookstore"):
        copy.services()


def test_a_service_without_the_option_is_refused() -> None:
    """The message names the service."""
    with pytest.raises(ServiceOptionError, match=r"^mesh\.test\.v1\.Echo has no \(mesh\.v1\.service\)"):
        entry_of(echo.descriptor(), cast("Any", SimpleNamespace()))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"default_port": 50052}, "the port 50052 of"), ({"name": "books"}, "the name of bookstore.books.v1.Books")],
)
def test_a_name_or_port_that_is_taken_is_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], sentence: str
) -> None:
    """Two services cannot share either."""
    entries = [service("books"), registry.ServiceEntry(**{**vars(service("orders")), **changes})]
    monkeypatch.setattr(registry, "_discover", lambda: entries)
    with pytest.raises(ServiceOptionError, match=re.escape(sentence)):
        services.__wrapped__()


def _has_service(file: Path) -> bool:
    return "\nservice " in file.read_text("utf-8")
