"""A small service for the mesh kit's tests, defined in `echo.proto`."""

import functools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from mesh.v1 import paging_pb2, policy_pb2, rules_pb2

from mesh.context import current_call
from mesh.server import Service
from protos import generate

Behavior = Callable[[Any, Any], Any]

IMPORTED = (paging_pb2, policy_pb2, rules_pb2)
"""The descriptor pool needs the files that `echo.proto` imports."""


@functools.cache
def contract() -> FileDescriptor:
    """Return the compiled `echo.proto`."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "echo.binpb"
        generate._protoc(f"-I{Path(__file__).parent}", f"--descriptor_set_out={image}", "echo.proto")
        (file,) = FileDescriptorSet.FromString(image.read_bytes()).file
    return descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


def descriptor(name: str = "Echo") -> ServiceDescriptor:
    """Return one of the services in `echo.proto`."""
    return contract().services_by_name[name]


def request(**fields: object) -> Any:
    """Return a SayRequest that is valid except for the given fields."""
    return _message("SayRequest")(**{"text": "hello", "times": 1, **fields})


def list_request(text: str = "", **paging: object) -> Any:
    """Return a ListRequest for a page of the list with that filter."""
    return _message("ListRequest")(filter=text, paging=paging)


def batch_request(**fields: object) -> Any:
    """Return a BatchRequest."""
    return _message("BatchRequest")(**fields)


def response(**fields: object) -> Any:
    """Return a SayResponse."""
    return _message("SayResponse")(**fields)


def describe_call(request: Any, context: grpc.ServicerContext) -> Message:
    """Return what a servicer knows about its call."""
    call = current_call.get()
    assert call
    described: Message = response(
        text=request.text, caller=call.caller, request_id=call.request_id, seconds_left=context.time_remaining()
    )
    return described


def service(
    behavior: Behavior = describe_call, *, name: str = "echo", extra: Mapping[str, Behavior] | None = None
) -> Service:
    """Return an Echo whose methods all run `behavior`, with `extra` methods that its contract does not have."""
    echo = descriptor()
    behaviors = {method.name: behavior for method in echo.methods} | dict(extra or {})
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            each,
            request_deserializer=_message("SayRequest").FromString,
            response_serializer=_message("SayResponse").SerializeToString,
        )
        for method, each in behaviors.items()
    }

    def add(server: grpc.Server) -> None:
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(echo.full_name, handlers)])

    return Service(name, echo, add)


def method(channel: Any, name: str = "Say") -> Any:
    """Return the stub of a method, on a channel of either kind."""
    return channel.unary_unary(
        f"/{descriptor().full_name}/{name}",
        request_serializer=_message("SayRequest").SerializeToString,
        response_deserializer=_message("SayResponse").FromString,
    )


def _message(name: str) -> Any:
    return GetMessageClass(contract().message_types_by_name[name])
