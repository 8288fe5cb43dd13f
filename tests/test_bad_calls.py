"""Every RPC handles values at and beyond the limits of each field: no internal error, and the next call works."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from mesh.v1 import policy_pb2

from mesh.client import connect, parse_failure
from mesh.identity import Signer
from tests.harness import DESCRIPTORS, MESH_SECRET, Product, running_product
from tests.servers.databases import Databases

pytestmark = pytest.mark.integration

INT32, INT64 = 2**31 - 1, 2**63 - 1
TEXTS = (
    "",
    " ",
    "x" * 10_000,
    "a\x00b",
    "a\nb\x1b[31m",
    "\u202e\U0001f4da",
    "%_\\",
    "'; DROP TABLE Books; --",
    "-1",
    "9" * 400,
)
EDGES: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.CPPTYPE_STRING: TEXTS,
    FieldDescriptor.CPPTYPE_INT32: (0, -1, INT32, -INT32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (0, -1, INT64, -INT64 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (0, 99, -1, INT32),
    FieldDescriptor.CPPTYPE_BOOL: (True,),
}
UUID = "0b5a8d4e-3c0f-4e1a-9d6b-111111111111"
VALID_VALUES: dict[str, Any] = {
    "email": "user@example.org", "session_id": UUID, "price": "1.00",
    "expected_price": "1.00", "min_price": "1", "max_price": "9", "status": 2, "event_id": UUID,
    "settlement": 1,
}  # fmt: skip
"""Valid values of fields, so that only the field under test is invalid; other texts are words, other numbers 1."""
EXPECTED_CODES = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
METHODS = [
    pytest.param(name, method, id=f"{name}-{method.name}")
    for name, descriptor in DESCRIPTORS.items()
    for method in descriptor.methods
]


@pytest.fixture(scope="module", params=["sqlite", "server"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services with the catalogue, in a SQLite file and on a real server."""
    folder, parts = tmp_path_factory.mktemp("product"), ("users", "books", "orders")
    if request.param == "sqlite":
        with running_product(folder, *parts) as started:
            yield started
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.migrated(seeded=True) as url, running_product(folder, *parts, database=url) as started:
        yield started


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_no_value_causes_an_internal_error(product: Product, name: str, method: MethodDescriptor) -> None:
    """Each field in turn gets each edge value while the others are valid; an unusual value may be accepted."""
    codes = {}
    for case, request in requests(method):
        code = call(product, name, method, request.SerializeToString())
        codes[case] = code
        assert code in EXPECTED_CODES, (case, code)
    assert grpc.StatusCode.INVALID_ARGUMENT in codes.values() or not method.input_type.fields
    assert_valid_call_works(product)


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_invalid_bytes_cause_no_internal_error(product: Product, name: str, method: MethodDescriptor) -> None:
    """Wrong wire types are read as unknown fields or refused; invalid messages are refused."""
    for raw in (
        b"\x00",
        b"\xff" * 64,
        b"\x0a\xff\xff\xff\xff\x7f",
        b"\x08\x08" * 1000,
        b"\x0a\x02\xff\xfe",
        b"\x0d\x00",
    ):
        assert call(product, name, method, raw) in EXPECTED_CODES
    assert "Traceback" not in "".join(process.log.read_text() for process in product.processes.values())
    assert_valid_call_works(product)


def requests(method: MethodDescriptor) -> Iterator[tuple[str, Message]]:
    """Yield an empty request, and one for each edge value of each field, with names for the messages of failures."""
    request_class = GetMessageClass(method.input_type)
    yield "empty", request_class()
    for field in method.input_type.fields:
        for number, value in enumerate(EDGES.get(field.cpp_type, ())):
            request = fill_valid(request_class())
            put(request, field, value)
            yield f"{field.name}[{number}]", request
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            yield from nested_requests(request_class, field)


def nested_requests(request_class: type[Message], field: FieldDescriptor) -> Iterator[tuple[str, Message]]:
    """Yield the same for the fields of a message in the request."""
    assert field.message_type
    for inner in field.message_type.fields:
        for number, value in enumerate(EDGES.get(inner.cpp_type, ())):
            request = fill_valid(request_class())
            part = getattr(request, field.name)
            setattr(part[0] if field.is_repeated else part, inner.name, value)
            yield f"{field.name}.{inner.name}[{number}]", request


def fill_valid(request: Any) -> Any:
    """Fill a message with valid values, and return it."""
    for field in request.DESCRIPTOR.fields:
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            if field.is_repeated:
                fill_valid(getattr(request, field.name).add())
            elif field.message_type and field.message_type.full_name == "google.protobuf.Duration":
                getattr(request, field.name).nanos = 1_000_000  # a long poll waits that long
        elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            put(request, field, VALID_VALUES.get(field.name, "word word"))
        elif field.cpp_type != FieldDescriptor.CPPTYPE_BOOL:
            put(request, field, VALID_VALUES.get(field.name, 1))
    return request


def put(request: Any, field: FieldDescriptor, value: object) -> None:
    """Set a field; append the value to a repeated field."""
    if field.is_repeated:
        getattr(request, field.name).append(value)
    else:
        setattr(request, field.name, value)


def call(product: Product, name: str, method: MethodDescriptor, raw: bytes) -> grpc.StatusCode:
    """Send bytes as a caller that may call the method, and return the code of the response."""
    callers = method.GetOptions().Extensions[policy_pb2.policy].callers
    path = f"/{method.containing_service.full_name}/{method.name}"
    channel = channel_to(product, name, callers[0])
    rpc: Any = channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)
    try:
        rpc(raw, timeout=30)
    except grpc.RpcError as error:
        return parse_failure(error).code
    return grpc.StatusCode.OK


@cache
def channel_to(product: Product, name: str, caller: str) -> grpc.Channel:
    """Return a channel that all calls share, so that they do not connect again and again."""
    return connect(product.target(name), Signer(caller, MESH_SECRET))


def assert_valid_call_works(product: Product) -> None:
    """Check that a valid call succeeds."""
    stub = books_pb2_grpc.BooksStub(channel_to(product, "books", "gateway"))
    assert stub.GetBook(books_pb2.GetBookRequest(book_id=1)).book.book_id == 1
