"""A guard for unit tests, which start no process and open no network socket."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio

PROCESS_EVENTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
"""Audit events of Python for a process that starts: https://docs.python.org/3/library/audit_events.html."""
NETWORK_FAMILIES = {socket.AF_INET, socket.AF_INET6}
GRPC_FUNCTIONS = ((grpc, "server"), (grpc.aio, "server"))
"""gRPC opens its sockets in C, where Python raises no audit event."""


class IsolationError(BaseException):
    """A unit test uses a process or the network. Not an `Exception`, so that the code under test cannot swallow it."""


class Guard:
    """Raises an error when a process starts or a socket connects or binds while the guard is on."""

    def __init__(self) -> None:
        self._on = False
        self._installed = False

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Turn the guard on inside the block."""
        if not self._installed:  # an audit hook cannot be removed
            sys.addaudithook(self._audit)
            self._installed = True
        originals = [getattr(module, name) for module, name in GRPC_FUNCTIONS]
        for module, name in GRPC_FUNCTIONS:
            setattr(module, name, _forbidden(f"{module.__name__}.{name}"))
        self._on = True
        try:
            yield
        finally:
            self._on = False
            for (module, name), original in zip(GRPC_FUNCTIONS, originals, strict=True):
                setattr(module, name, original)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event in PROCESS_EVENTS:
            msg = f"started a process ({event} {arguments[:2]})"
            raise _error(msg)
        if event in {"socket.connect", "socket.bind"} and arguments[0].family in NETWORK_FAMILIES:
            msg = f"opened a network socket ({event} {arguments[1]})"
            raise _error(msg)


def _forbidden(name: str) -> Callable[..., None]:
    def forbidden(*_: object, **__: object) -> None:
        msg = f"opened a network socket ({name})"
        raise _error(msg)

    return forbidden


def _error(action: str) -> IsolationError:
    return IsolationError(f"A unit test {action}. Replace it by a function call, or mark the test `integration`.")
