"""Serves reflection v1 and v1alpha with the comments of the contracts, so that `grpcurl describe` shows them.

grpcio-reflection serves v1alpha only, and from descriptors that Python has stripped of their comments.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import TypeVar, cast

import grpc
from google.protobuf import text_format
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import Default, DescriptorPool
from grpc_reflection.v1alpha import reflection_pb2 as pb

T = TypeVar("T")

V1, ALPHA = "grpc.reflection.v1", "grpc.reflection.v1alpha"
SERVICE_NAMES = (f"{V1}.ServerReflection", f"{ALPHA}.ServerReflection")
PATHS = tuple(f"/{name}/ServerReflectionInfo" for name in SERVICE_NAMES)
"""Paths of the only method, in both versions; their messages are the same on the wire."""


class Reflection:
    """Responds to reflection requests from the descriptors that the process has loaded.

    Args:
        service_names: full names of the services to list.
    """

    def __init__(self, service_names: Iterable[str]) -> None:
        self._service_names = sorted(service_names)
        self._pools = (Default(), _v1_pool())

    async def respond_all(
        self, requests: AsyncIterator[pb.ServerReflectionRequest]
    ) -> AsyncIterator[pb.ServerReflectionResponse]:
        """Yield one response per request of a stream."""
        async for request in requests:
            yield self.respond(request)

    def respond(self, request: pb.ServerReflectionRequest) -> pb.ServerReflectionResponse:
        """Return the response to one request."""
        response = pb.ServerReflectionResponse(valid_host=request.host, original_request=request)
        try:
            self._fill(response, request)
        except KeyError:
            response.error_response.error_code = grpc.StatusCode.NOT_FOUND.value[0]
            response.error_response.error_message = "The server has no such file, symbol or extension."
        return response

    def _fill(self, response: pb.ServerReflectionResponse, request: pb.ServerReflectionRequest) -> None:
        """Set the content of a response.

        Raises:
            KeyError: when no pool contains what the request names.
        """
        kind = request.WhichOneof("message_request")
        if kind == "list_services":
            services = [pb.ServiceResponse(name=name) for name in self._service_names]
            response.list_services_response.service.extend(services)
        elif kind == "all_extension_numbers_of_type":
            name = request.all_extension_numbers_of_type
            response.all_extension_numbers_response.base_type_name = name
            response.all_extension_numbers_response.extension_number.extend(self._find(_extension_numbers(name)))
        else:
            file = self._find(_file_of(request))
            response.file_descriptor_response.file_descriptor_proto.extend(map(_serialize, _with_imports(file)))

    def _find(self, lookup: Callable[[DescriptorPool], T]) -> T:
        """Return what the first pool has.

        Raises:
            KeyError: when no pool has it.
        """
        for pool in self._pools[:-1]:
            try:
                return lookup(pool)
            except KeyError:
                continue
        return lookup(self._pools[-1])


def _file_of(request: pb.ServerReflectionRequest) -> Callable[[DescriptorPool], FileDescriptor]:
    """Return a lookup of the file that the request names."""

    def lookup(pool: DescriptorPool) -> FileDescriptor:
        if request.HasField("file_by_filename"):
            return pool.FindFileByName(request.file_by_filename)
        if request.HasField("file_containing_symbol"):
            return _file_containing(pool, request.file_containing_symbol)
        extended = pool.FindMessageTypeByName(request.file_containing_extension.containing_type)
        extension = pool.FindExtensionByNumber(extended, request.file_containing_extension.extension_number)
        return cast("FileDescriptor", extension.file)  # type: ignore[attr-defined] # missing in types-protobuf

    return lookup


def _file_containing(pool: DescriptorPool, symbol: str) -> FileDescriptor:
    try:
        return pool.FindFileContainingSymbol(symbol)
    except KeyError:  # Python's pool does not count methods as symbols
        return pool.FindMethodByName(symbol).containing_service.file


def _extension_numbers(name: str) -> Callable[[DescriptorPool], list[int]]:
    """Return a lookup of the numbers of a message type's extensions."""
    return lambda pool: sorted(each.number for each in pool.FindAllExtensions(pool.FindMessageTypeByName(name)))


def _with_imports(file: FileDescriptor) -> Iterable[FileDescriptor]:
    """Return the file and everything that it imports, each file once."""
    files = {file.name: file}
    for imported in file.dependencies:
        files |= {each.name: each for each in _with_imports(imported)}
    return files.values()


def _serialize(file: FileDescriptor) -> bytes:
    """Return the file as generated with comments, or else as Python has loaded it."""
    return _with_comments(file.name) or file.serialized_pb


@cache
def _with_comments(name: str) -> bytes | None:
    """Return the descriptor in the folder of the generated code of `name`, None when there is none."""
    path = PurePosixPath(name)
    try:
        image = resources.files(".".join(path.parent.parts)).joinpath(f"{path.stem}.binpb").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError, ValueError):  # ValueError: the file is in no folder
        return None
    (file,) = FileDescriptorSet.FromString(image).file
    return file.SerializeToString()


def _v1_pool() -> DescriptorPool:
    """Return a pool with the file of v1, which is that of v1alpha in another package."""
    alpha, v1 = FileDescriptorProto(), FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(alpha)
    alpha.ClearField("options")
    text_format.Parse(text_format.MessageToString(alpha).replace(ALPHA, V1), v1)
    v1.name = f"{V1.replace('.', '/')}/reflection.proto"
    pool = DescriptorPool()
    pool.AddSerializedFile(v1.SerializeToString())
    return pool
