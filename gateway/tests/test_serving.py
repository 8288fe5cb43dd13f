"""The processes start, stop, and survive each other as an operator expects."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.tests.fakes import JWT_SECRET

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("USERS_PORT", "BOOKS_PORT", "ORDERS_PORT", "PLACE_ORDER_PORT", "DISPLAY_ORDERS_PORT", "GATEWAY_PORT")
PATIENCE = 30.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Gateway:
    """A gateway on free ports, without services behind it."""

    def __init__(self, **settings: str) -> None:
        self.ports = dict(zip(VARIABLES, free_ports(len(VARIABLES)), strict=True))
        environ = {
            "PATH": os.defpath, "PYTHONPATH": str(ROOT), "JWT_SECRET_KEY": JWT_SECRET, "LOG_FORMAT": "json",
            **{f"{name}_TARGET": "127.0.0.1:1" for name in ("USERS", "BOOKS", "ORDERS")},
            **{name: str(port) for name, port in self.ports.items()}, **settings,
        }  # fmt: skip
        command = [sys.executable, "-m", "gateway"]
        # In gateway/, the package `http` would hide the one of the standard library; at the root there may be a .env.
        folder = ROOT / "docs"
        self.process = subprocess.Popen(command, env=environ, cwd=folder, stderr=subprocess.PIPE, text=True)

    def get(self, variable: str, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        url = f"http://127.0.0.1:{self.ports[variable]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        pid = self.process.pid
        try:
            return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:  # it has ended
            return []

    def ended(self) -> tuple[int, str]:
        """Waits for the end; answers the exit status and what it said."""
        said = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode, said


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that serves, killed at the end whatever happened."""
    started = Gateway()
    wait_for(lambda: all(started.get(name, "/health") == 200 for name in VARIABLES))
    yield started
    workers = started.workers()
    started.process.kill()  # before its workers, which it would replace
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    started.process.communicate(timeout=PATIENCE)


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_each_port_serves_its_own_rows(gateway: Gateway) -> None:
    """And the single port all of them."""
    assert gateway.get("PLACE_ORDER_PORT", "/checkorder/1") == 401
    assert gateway.get("BOOKS_PORT", "/checkorder/1") == 404
    assert gateway.get("GATEWAY_PORT", "/checkorder/1") == 401
    assert gateway.get("BOOKS_PORT", "/ready") == 503
    assert len(gateway.workers()) == len(VARIABLES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(gateway: Gateway, number: signal.Signals) -> None:
    """Within 10 s, with status 0, no worker left, though a browser holds a connection open."""
    with socket.create_connection(("127.0.0.1", gateway.ports["BOOKS_PORT"])) as browser:
        browser.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert browser.recv(12) == b"HTTP/1.1 200"
        workers, started = gateway.workers(), time.monotonic()
        gateway.process.send_signal(number)
        status, said = gateway.ended()
    assert (status, time.monotonic() - started < 10) == (0, True)
    assert "Traceback" not in said
    assert not [pid for pid in workers if alive(pid)]


def test_a_killed_worker_is_replaced(gateway: Gateway) -> None:
    """Connections wait for the new one, for the supervisor holds the socket."""
    os.kill(gateway.workers()[1], signal.SIGKILL)
    assert gateway.get("BOOKS_PORT", "/health") == 200
    wait_for(lambda: len(gateway.workers()) == len(VARIABLES))
    assert all(gateway.get(name, "/health") == 200 for name in VARIABLES)


def test_no_worker_outlives_a_killed_supervisor(gateway: Gateway) -> None:
    """Nobody has to look for left-over processes on the ports."""
    workers = gateway.workers()
    gateway.process.kill()
    wait_for(lambda: not any(alive(pid) for pid in workers))


def test_a_port_in_use_is_one_sentence() -> None:
    """It names the port and its setting; the exit status is 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = Gateway(ORDERS_PORT=str(port)).ended()
    sentence = f"gateway: Port {port} on 127.0.0.1 cannot be listened on: end what uses it, or set ORDERS_PORT.\n"
    assert (status, said) == (1, sentence)


def test_a_bad_setting_is_one_sentence() -> None:
    """The exit status is 2."""
    status, said = Gateway(BOOKS_PORT="many").ended()
    assert (status, said) == (2, "gateway: BOOKS_PORT must be a whole number from 1 to 65535, not 'many'.\n")


def test_answers_do_not_wait_for_confirmations() -> None:
    """A hundred answers on one connection take nothing like a hundred delayed acknowledgements of 40 ms each."""
    started = Gateway()
    try:
        wait_for(lambda: started.get("BOOKS_PORT", "/health") == 200)
        with socket.create_connection(("127.0.0.1", started.ports["BOOKS_PORT"])) as client:
            begun = time.monotonic()
            for _ in range(100):
                client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                received = b""
                while not received.endswith(b'{"status":"ok"}'):
                    received += client.recv(4096)
        assert time.monotonic() - begun < 3
    finally:
        started.process.send_signal(signal.SIGTERM)
        started.ended()
