"""The services behind the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import grpc
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc
from bookstore.users.v1 import users_pb2, users_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.config import Config
from mesh.client import Target
from mesh.client import connect as connect_to
from mesh.identity import Signer

SERVING: int = health_pb2.HealthCheckResponse.SERVING
PATIENCE = 1.0
"""Seconds that a service gets to say how it is."""


@dataclass(frozen=True)
class Stubs:
    """The services, and whether each reports that it serves, by its name: `users`, `books` or `orders`."""

    users: users_pb2_grpc.UsersStub
    books: books_pb2_grpc.BooksStub
    orders: orders_pb2_grpc.OrdersStub
    serving: Callable[[str], bool]


def connect(config: Config) -> Stubs:
    """Channels to the services, which connect when they are first used; call it after any fork."""
    signer = Signer("gateway", config.mesh_secret)
    targets = {
        "users": Target("users", config.users_target, users_pb2.DESCRIPTOR.services_by_name["Users"]),
        "books": Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"]),
        "orders": Target("orders", config.orders_target, orders_pb2.DESCRIPTOR.services_by_name["Orders"]),
    }
    channels = {name: connect_to(target, signer) for name, target in targets.items()}
    checks = {name: partial(_serving, channels[name], target) for name, target in targets.items()}
    return Stubs(
        users=users_pb2_grpc.UsersStub(channels["users"]),
        books=books_pb2_grpc.BooksStub(channels["books"]),
        orders=orders_pb2_grpc.OrdersStub(channels["orders"]),
        serving=lambda name: checks[name](),
    )


def _serving(channel: grpc.Channel, target: Target) -> bool:
    request = health_pb2.HealthCheckRequest(service=target.descriptor.full_name)
    try:
        status: int = health_pb2_grpc.HealthStub(channel).Check(request, timeout=PATIENCE).status
    except grpc.RpcError:
        return False
    return status == SERVING
