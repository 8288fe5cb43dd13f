"""The gRPC services of the bookstore, discovered from the generated packages `bookstore.<name>.v1`.

Nothing lists the services: a service whose contract is generated and has the option `(mesh.v1.service)` is in here.
"""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import bookstore
from google.protobuf.descriptor import ServiceDescriptor
from mesh.v1 import policy_pb2

OTHER_CALLERS = ("gateway", "worker", "tester")
"""Callers that are not services: the REST gateway, the worker, and people with grpcurl."""


class ServiceOptionError(Exception):
    """A service lacks the option `(mesh.v1.service)`, or shares its name or port; the message names the service."""


@dataclass(frozen=True)
class ServiceEntry:
    """A gRPC service.

    Args:
        name: name in the mesh, such as `books`.
        descriptor: the contract.
        default_port: the port on which the service listens when its address is not set.
        address_variable: the environment variable with the address to listen on, such as `BOOKS_ADDRESS`.
        target_variable: the environment variable with the address to call, such as `BOOKS_TARGET`.
        package: the folder and Python package of the implementation, such as `svc_books`.
        stub: class of the generated stub, which takes a channel.
    """

    name: str
    descriptor: ServiceDescriptor
    default_port: int
    address_variable: str
    target_variable: str
    package: str
    stub: type[Any]


@functools.cache
def services() -> tuple[ServiceEntry, ...]:
    """Return all services in the order of their ports.

    Raises:
        ServiceOptionError: when a service has no name or port, or has those of another service.
    """
    entries = sorted(_discover(), key=lambda entry: entry.default_port)
    for earlier, later in itertools.pairwise(entries):
        if earlier.default_port == later.default_port:
            raise _refused(later.descriptor, f"the port {later.default_port} of {earlier.descriptor.full_name}")
    names: dict[str, ServiceEntry] = {}
    for entry in entries:
        if names.setdefault(entry.name, entry) is not entry:
            raise _refused(entry.descriptor, f"the name of {names[entry.name].descriptor.full_name}")
    return tuple(entries)


def service(name: str) -> ServiceEntry:
    """Return the service with this name.

    Raises:
        KeyError: when there is none.
    """
    return {entry.name: entry for entry in services()}[name]


def caller_names() -> frozenset[str]:
    """Return the names of all processes that a policy may list as callers."""
    return frozenset({entry.name for entry in services()} | set(OTHER_CALLERS))


def entry_of(descriptor: ServiceDescriptor, stubs: ModuleType) -> ServiceEntry:
    """Return the entry of a service.

    Args:
        descriptor: the contract.
        stubs: the generated module with the stub, such as `books_pb2_grpc`.

    Raises:
        ServiceOptionError: when the contract has no `(mesh.v1.service)` with a name and a default_port.
    """
    options = descriptor.GetOptions().Extensions[policy_pb2.service]
    if not options.name or not options.default_port:
        message = f"{descriptor.full_name} has no (mesh.v1.service) with a name and a default_port."
        raise ServiceOptionError(message)
    return ServiceEntry(
        name=options.name,
        descriptor=descriptor,
        default_port=options.default_port,
        address_variable=f"{options.name.upper()}_ADDRESS",
        target_variable=f"{options.name.upper()}_TARGET",
        package=f"svc_{options.name}",
        stub=getattr(stubs, f"{descriptor.name}Stub"),
    )


def _discover() -> Iterator[ServiceEntry]:
    """Yield the services of all generated modules, in no particular order."""
    for module in sorted(_modules()):
        for descriptor in import_module(module).DESCRIPTOR.services_by_name.values():
            yield entry_of(descriptor, import_module(f"{module}_grpc"))


def _modules() -> set[str]:
    """Return the names of the generated modules, such as `bookstore.books.v1.books_pb2`.

    pkgutil finds no namespace packages, and the generated ones are such, so this looks for files.
    """
    return {
        ".".join((bookstore.__name__, *file.relative_to(folder).with_suffix("").parts))
        for folder in map(Path, bookstore.__path__)
        for file in folder.glob("*/v*/*_pb2.py")
    }


def _refused(descriptor: ServiceDescriptor, taken: str) -> ServiceOptionError:
    return ServiceOptionError(f"{descriptor.full_name} has a (mesh.v1.service) with {taken}.")
