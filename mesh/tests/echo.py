"""A small service for the mesh kit's tests, made from `echo.proto`."""

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

from mesh.call import current
from mesh.server import Service
from protos import generate

Answer = Callable[[Any, grpc.ServicerContext], Message]

IMPORTED = (paging_pb2, policy_pb2, rules_pb2)
"""The pool has to know what `echo.proto` imports."""


@functools.cache
def contract() -> FileDescriptor:
    """The compiled `echo.proto`."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "echo.binpb"
        generate._protoc(f"-I{Path(__file__).parent}", f"--descriptor_set_out={image}", "echo.proto")
        (file,) = FileDescriptorSet.FromString(image.read_bytes()).file
    return descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


def descriptor(name: str = "Echo") -> ServiceDescriptor:
    """One of the services in `echo.proto`."""
    return contract().services_by_name[name]


def request(**fields: object) -> Any:
    """A SayRequest that keeps the rules, but for the given fields."""
    return _message("SayRequest")(**{"text": "hello", "times": 1, **fields})


def list_request(text: str = "", **paging: object) -> Any:
    """Return a ListRequest for a page of the list with that filter."""
    return _message("ListRequest")(filter=text, paging=paging)


def response(**fields: object) -> Any:
    """A SayResponse."""
    return _message("SayResponse")(**fields)


def seen(asked: Any, context: grpc.ServicerContext) -> Message:
    """Answers what a servicer sees of a call."""
    call = current.get()
    assert call
    answered: Message = response(
        text=asked.text, caller=call.caller, request_id=call.request_id, seconds_left=context.time_remaining()
    )
    return answered


def service(answer: Answer = seen, *, name: str = "echo", extra: Mapping[str, Answer] | None = None) -> Service:
    """Echo, each of its methods answered by `answer`, and methods beside the contract by `extra`."""
    found = descriptor()
    answers = {method.name: answer for method in found.methods} | dict(extra or {})
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            each,
            request_deserializer=_message("SayRequest").FromString,
            response_serializer=_message("SayResponse").SerializeToString,
        )
        for method, each in answers.items()
    }

    def add(server: grpc.Server) -> None:
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(found.full_name, handlers)])

    return Service(name, found, add)


def method(channel: Any, name: str = "Say") -> Any:
    """A callable of the method, on a channel of either kind."""
    return channel.unary_unary(
        f"/{descriptor().full_name}/{name}",
        request_serializer=_message("SayRequest").SerializeToString,
        response_deserializer=_message("SayResponse").FromString,
    )


def _message(name: str) -> Any:
    return GetMessageClass(contract().message_types_by_name[name])
