"""Reflection describes what a server implements, over v1 and v1alpha."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2 as pb

from mesh.client import Target
from mesh.reflection import ALPHA, V1, Reflection
from mesh.testing import running
from mesh.tests import echo

ECHO = "mesh.test.v1.Echo"


def ask(**request: Any) -> pb.ServerReflectionResponse:
    """Return the response to one request, without a server."""
    return Reflection([echo.descriptor().full_name]).respond(pb.ServerReflectionRequest(**request))


def files(response: pb.ServerReflectionResponse) -> dict[str, FileDescriptorProto]:
    """Return the files of a response by their names."""
    described = map(FileDescriptorProto.FromString, response.file_descriptor_response.file_descriptor_proto)
    return {file.name: file for file in described}


def comments(file: FileDescriptorProto) -> list[str]:
    """Return the comments of a file."""
    return [place.leading_comments for place in file.source_code_info.location if place.leading_comments]


@pytest.mark.unit
@pytest.mark.parametrize("symbol", [ECHO, f"{ECHO}.Say", "mesh.test.v1.SayRequest", "mesh.test.v1.SayRequest.text"])
def test_a_symbol_is_found_with_all_imports(symbol: str) -> None:
    """Services, methods, messages and fields lead to their file and to everything that it imports."""
    described = files(ask(file_containing_symbol=symbol))
    assert next(iter(described)) == "echo.proto"
    for file in described.values():
        assert set(file.dependency) <= set(described)


@pytest.mark.unit
def test_a_generated_file_has_its_comments() -> None:
    """They come from the descriptor in the generated folder; a file without one is sent without comments."""
    policy = files(ask(file_by_filename="mesh/v1/policy.proto"))["mesh/v1/policy.proto"]
    assert any(comment.startswith(" The rules of one RPC.") for comment in comments(policy))
    assert files(ask(file_by_filename="google/protobuf/duration.proto"))


@pytest.mark.unit
def test_extensions_are_found_by_their_numbers() -> None:
    """The policy is an option that a client must be able to resolve."""
    numbers = ask(all_extension_numbers_of_type="google.protobuf.MethodOptions").all_extension_numbers_response
    assert 50510 in numbers.extension_number
    extension = pb.ExtensionRequest(containing_type="google.protobuf.MethodOptions", extension_number=50510)
    assert "mesh/v1/policy.proto" in files(ask(file_containing_extension=extension))


@pytest.mark.unit
@pytest.mark.parametrize(
    "request_",
    [
        {"file_containing_symbol": "no.such"},
        {"file_containing_symbol": f"{ECHO}.NoSuchMethod"},
        {"file_containing_symbol": ""},
        {"file_by_filename": "../../etc/passwd"},
        {"all_extension_numbers_of_type": "no.such"},
        {"file_containing_extension": pb.ExtensionRequest(containing_type="no.such", extension_number=1)},
        {},
    ],
)
def test_an_unknown_name_is_not_found(request_: dict[str, Any]) -> None:
    """The response contains the error, and the stream stays open."""
    response = ask(**request_)
    assert response.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert response.original_request == pb.ServerReflectionRequest(**request_)


@pytest.fixture
def target() -> Iterator[Target]:
    """A running server."""
    with running(echo.service()) as started:
        yield started


@pytest.mark.integration
@pytest.mark.parametrize("version", [V1, ALPHA])
def test_both_versions_list_what_is_implemented(target: Target, version: str) -> None:
    """The service, health and reflection itself, each of which can be described."""
    names = [ECHO, "grpc.health.v1.Health", f"{V1}.ServerReflection", f"{ALPHA}.ServerReflection"]
    with grpc.insecure_channel(target.address) as channel:
        call: Any = channel.stream_stream(
            f"/{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=pb.ServerReflectionRequest.SerializeToString,
            response_deserializer=pb.ServerReflectionResponse.FromString,
        )
        requests = [pb.ServerReflectionRequest(list_services="")]
        requests += [pb.ServerReflectionRequest(file_containing_symbol=name) for name in names]
        listed, *described = call(iter(requests), timeout=10)
    assert sorted(each.name for each in listed.list_services_response.service) == sorted(names)
    for name, response in zip(names, described, strict=True):
        package, _, service = name.rpartition(".")
        file = next(iter(files(response).values()))
        assert (file.package, [each.name for each in file.service if each.name == service]) == (package, [service])
