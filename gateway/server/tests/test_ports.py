"""The gateway's processes start, stop and survive each other as an operator expects."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.tests.fakes import JWT_SECRET
from mesh.testing import wait_until
from mesh.testing.ports import free_ports

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
VARIABLES = ("USERS_PORT", "BOOKS_PORT", "ORDERS_PORT", "PLACE_ORDER_PORT", "DISPLAY_ORDERS_PORT", "GATEWAY_PORT")
EXIT_TIMEOUT_SECONDS = 30.0
HALF_A_BODY = b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"


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
        self.process = subprocess.Popen(
            command, env=environ, cwd=ROOT / "docs", stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def get(self, variable: str, path: str) -> int:
        """Return the status of a GET, or 0 when the connection fails."""
        url = f"http://127.0.0.1:{self.ports[variable]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def servers(self) -> list[int]:
        """Return the process ids of the servers, one for each port, in the order of the ports."""
        return children(self.process.pid)

    def workers(self) -> list[int]:
        """Return the process ids of the servers' workers, in the same order."""
        return [worker for server in self.servers() for worker in children(server)]

    def kill(self) -> None:
        """Kill all of its processes, including new ones that start meanwhile."""
        self.process.kill()  # first, because it would replace the others
        while processes := session_members(self.process.pid):
            for pid in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def wait(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was written to stderr."""
        output = self.process.communicate(timeout=EXIT_TIMEOUT_SECONDS)[1]
        return self.process.returncode, output


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that serves, killed at the end whatever happens."""
    started = Gateway()
    wait_until(lambda: all(started.get(name, "/health") == 200 for name in VARIABLES))
    yield started
    started.kill()
    started.process.communicate(timeout=EXIT_TIMEOUT_SECONDS)


def session_members(session: int) -> list[int]:
    """Return the process ids of a session whose processes have not ended."""
    members = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, session_id = file.read_text().rpartition(")")[2].split()[:4]
            if int(session_id) == session and state != "Z":
                members.append(int(file.parent.name))
    return members


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def alive(pid: int) -> bool:
    """Tell whether the process runs."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_each_port_serves_its_own_routes(gateway: Gateway) -> None:
    """The single port serves all of them."""
    assert gateway.get("PLACE_ORDER_PORT", "/checkorder/1") == 401
    assert gateway.get("BOOKS_PORT", "/checkorder/1") == 404
    assert gateway.get("GATEWAY_PORT", "/checkorder/1") == 401
    assert gateway.get("BOOKS_PORT", "/ready") == 503
    assert len(gateway.servers()) == len(gateway.workers()) == len(VARIABLES)


@pytest.mark.parametrize("sent", [b"", HALF_A_BODY], ids=["idle", "slow body"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_processes(gateway: Gateway, number: signal.Signals, sent: bytes) -> None:
    """The gateway ends within 10 s with status 0 and no process left, though a client holds a connection open."""
    with socket.create_connection(("127.0.0.1", gateway.ports["USERS_PORT"])) as browser:
        browser.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert browser.recv(12) == b"HTTP/1.1 200"
        browser.sendall(sent)
        processes, started = [*gateway.servers(), *gateway.workers()], time.monotonic()
        gateway.process.send_signal(number)
        status, output = gateway.wait()
    assert (status, time.monotonic() - started < 10) == (0, True)
    assert "Traceback" not in output
    assert not [pid for pid in processes if alive(pid)]


def test_a_late_body_does_not_block_the_port(gateway: Gateway) -> None:
    """The client gets 408 and keeps its connection open; other requests are served all the same."""
    with socket.create_connection(("127.0.0.1", gateway.ports["USERS_PORT"]), EXIT_TIMEOUT_SECONDS) as client:
        client.sendall(HALF_A_BODY)
        assert client.recv(12) == b"HTTP/1.1 408"
        assert [gateway.get("USERS_PORT", "/health") for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("kind", ["server", "worker"])
def test_a_killed_process_is_replaced(gateway: Gateway, kind: str) -> None:
    """Connections wait for the new one, because the supervisor holds the socket."""
    processes = gateway.servers() if kind == "server" else gateway.workers()
    os.kill(processes[1], signal.SIGKILL)
    assert gateway.get("BOOKS_PORT", "/health") == 200
    wait_until(lambda: len(gateway.servers()) == len(gateway.workers()) == len(VARIABLES))
    assert all(gateway.get(name, "/health") == 200 for name in VARIABLES)


def test_a_worker_that_gets_several_signals_ends(gateway: Gateway) -> None:
    """The supervisor, the worker's server and the kernel may each send one while a request is running."""
    worker = gateway.workers()[list(VARIABLES).index("USERS_PORT")]
    with socket.create_connection(("127.0.0.1", gateway.ports["USERS_PORT"])) as client:
        client.sendall(HALF_A_BODY)
        for _ in range(4):
            time.sleep(0.1)  # signals that arrive at once are one
            os.kill(worker, signal.SIGTERM)
    wait_until(lambda: not alive(worker))


def test_no_process_outlives_a_killed_supervisor(gateway: Gateway) -> None:
    """The ports are free again without a search for processes that are left."""
    processes = [*gateway.servers(), *gateway.workers()]
    gateway.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in processes))


def test_a_port_in_use_is_one_sentence() -> None:
    """It names the port and its setting; the exit status is 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        status, output = Gateway(ORDERS_PORT=str(port)).wait()
    sentence = (
        f"gateway: Port {port} on 127.0.0.1 is already in use: "
        "stop the program that uses it, or set ORDERS_PORT to another port.\n"
    )
    assert (status, output) == (1, sentence)


def test_a_bad_setting_is_one_sentence() -> None:
    """The exit status is 2."""
    status, output = Gateway(BOOKS_PORT="many").wait()
    assert (status, output) == (2, "gateway: BOOKS_PORT must be a whole number from 1 to 65535, not 'many'.\n")


def test_responses_do_not_wait_for_acknowledgements(gateway: Gateway) -> None:
    """A hundred responses on one connection take much less than a hundred delayed acknowledgements of 40 ms each."""
    with socket.create_connection(("127.0.0.1", gateway.ports["BOOKS_PORT"])) as client:
        started = time.monotonic()
        for _ in range(100):
            client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = b""
            while not received.endswith(b'{"status":"ok"}'):
                received += client.recv(4096)
    assert time.monotonic() - started < 3
