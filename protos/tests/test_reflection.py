"""Each service describes itself to grpcurl, with the comments of its contract."""

import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mesh.client import Target
from mesh.server import Service
from mesh.testing import running
from registry.services import ServiceEntry, services

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
PACKAGES = ("grpc.health.v1", "grpc.reflection.v1", "grpc.reflection.v1alpha")

pytestmark = pytest.mark.integration


@pytest.fixture(params=services(), ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> ServiceEntry:
    """Each of the services."""
    return request.param  # type: ignore[no-any-return] # pytest's parameters have no types


@pytest.fixture
def target(entry: ServiceEntry) -> Iterator[Target]:
    """A server of the service, without its methods: the tests only read its descriptions."""
    with running(Service(entry.name, entry.descriptor, _add_nothing)) as started:
        yield started


def grpcurl(target: Target, *arguments: str) -> str:
    """Return what grpcurl prints about a server."""
    command: list[str | Path] = [GRPCURL, "-plaintext", target.address, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def comment(descriptor: ServiceDescriptor, rpc: str) -> str:
    """Return the line before a method in the proto file's own text."""
    file = Path(__file__).parents[1] / descriptor.file.name
    text = file.read_text("utf-8")
    return text[: text.index(f"rpc {rpc}(")].rstrip().splitlines()[-1].strip()


def test_the_server_lists_what_it_implements(target: Target, entry: ServiceEntry) -> None:
    """The service, health and both versions of reflection."""
    names = {entry.descriptor.full_name, "grpc.health.v1.Health"}
    names |= {f"{package}.ServerReflection" for package in PACKAGES[1:]}
    assert set(grpcurl(target, "list").split()) == names


def test_every_method_is_described_with_its_comment(target: Target, entry: ServiceEntry) -> None:
    """Failures and reasons are part of the comment; the policy is shown as an option."""
    described = grpcurl(target, "describe", entry.descriptor.full_name)
    for method in entry.descriptor.methods:
        assert comment(entry.descriptor, method.name) in described
    assert described.count("option (.mesh.v1.policy)") == len(entry.descriptor.methods)
    first = entry.descriptor.methods[0]
    assert comment(entry.descriptor, first.name) in grpcurl(target, "describe", first.full_name)
    assert "// " in grpcurl(target, "describe", first.input_type.full_name)


def test_fields_have_the_names_of_the_contract(entry: ServiceEntry) -> None:
    """The output of grpcurl has `book_id`, and not `bookId`, when the descriptor has no JSON names."""
    image = (Path(__file__).parents[1] / "gen" / entry.descriptor.file.name).with_suffix(".binpb")
    (file,) = FileDescriptorSet.FromString(image.read_bytes()).file
    assert not [field.name for message in file.message_type for field in message.field if field.json_name]


def test_everything_that_is_listed_can_be_described(target: Target) -> None:
    """Grpcurl describes all listed services when it is given no name."""
    described = grpcurl(target, "describe")
    for package in PACKAGES:
        assert f"{package}." in described


def _add_nothing(_: grpc.Server) -> None:
    """Leave the server without the service's methods."""
