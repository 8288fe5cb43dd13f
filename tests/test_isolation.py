"""A unit test can start no process and open no network socket."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc.aio
import pytest

from tests.isolation import IsolationError

pytestmark = pytest.mark.unit

FORBIDDEN: dict[str, Callable[[], object]] = {
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=False),
    "a shell": lambda: os.system("true"),  # noqa: S605 - must not run
    "a fork": os.fork,
    "a connection": lambda: socket.create_connection(("127.0.0.1", 9)),
    "an IPv6 connection": lambda: socket.socket(socket.AF_INET6).connect(("::1", 9)),
    "a listener": lambda: socket.create_server(("127.0.0.1", 0)),
    "a gRPC server": lambda: grpc.server(ThreadPoolExecutor(1)),
    "an asynchronous gRPC server": lambda: grpc.aio.server(options=()),
}


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_unit_test_is_isolated(name: str) -> None:
    """Each attempt raises an error that says what to do."""
    with pytest.raises(IsolationError, match="or mark the test `integration`"):
        FORBIDDEN[name]()


def test_a_unit_test_may_use_a_loop_and_a_database() -> None:
    """An event loop needs a socket pair, which stays inside the process."""
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"
    with sqlite3.connect(":memory:") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()
