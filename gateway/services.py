"""The gRPC services that the gateway calls."""

from dataclasses import dataclass

from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from bookstore.users.v1 import users_pb2
from google.protobuf.descriptor import ServiceDescriptor


@dataclass(frozen=True)
class Service:
    """A gRPC service.

    Args:
        name: the name of the service in the mesh; `<NAME>_TARGET` sets its address.
        default_port: the port on this machine that it listens on unless the setting says otherwise.
        descriptor: its contract.
    """

    name: str
    default_port: int
    descriptor: ServiceDescriptor


SERVICES = (
    Service("users", 50051, users_pb2.DESCRIPTOR.services_by_name["Users"]),
    Service("books", 50052, books_pb2.DESCRIPTOR.services_by_name["Books"]),
    Service("orders", 50053, orders_pb2.DESCRIPTOR.services_by_name["Orders"]),
)
