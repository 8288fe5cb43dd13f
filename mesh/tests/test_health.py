"""`python -m mesh health` and `ready` report the health of servers quickly, and by their exit status."""

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from mesh import health
from mesh.__main__ import main
from mesh.certs import write_certificates
from mesh.client import Target
from mesh.credentials import Credentials
from mesh.server import MeshServer, Service
from mesh.testing import SECRET, running
from mesh.tests import echo
from mesh.tls import Tls

pytestmark = pytest.mark.integration

ECHO = "mesh.test.v1.Echo"
UNUSED_ADDRESS = "127.0.0.1:1"


class Handler(http.server.BaseHTTPRequestHandler):
    """Returns 200 for /ready and 503 for everything else."""

    def do_GET(self) -> None:
        """Send the status."""
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Run an Echo."""
    with running(echo.service()) as started:
        yield started


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """Run a web server, and return its URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def failing() -> Iterator[Target]:
    """Run an Echo whose probe fails."""

    def probe() -> None:
        raise ConnectionError

    plain = echo.service()
    with running(Service(plain.name, plain.descriptor, plain.add, probe)) as started:
        yield started


@pytest.mark.parametrize("service", ["", ECHO])
def test_a_running_service_is_serving(target: Target, service: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The server as a whole is SERVING, and so is the service by its name."""
    assert main(["health", target.address, service]) == 0
    assert capsys.readouterr().out == "SERVING\n"


def test_a_service_whose_probe_fails_is_not_serving(failing: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that only responds is not enough."""
    assert main(["health", failing.address, ECHO]) == 1
    assert capsys.readouterr().out == "NOT_SERVING\n"


def test_a_part_that_needs_its_operator_has_its_own_status(capsys: pytest.CaptureFixture[str]) -> None:
    """The service itself is SERVING: requests are still processed."""
    plain = echo.service()
    parts = {"broker": lambda: "It is misconfigured.", "mail": lambda: ""}
    with running(Service(plain.name, plain.descriptor, plain.add, parts=parts)) as started:
        statuses = [main(["health", started.address, name]) for name in ("broker", "mail", ECHO)]
    assert (statuses, capsys.readouterr().out) == ([1, 0, 0], "NOT_SERVING\nSERVING\nSERVING\n")


def test_an_unknown_service_is_not_found(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """Another service at the address does not count."""
    assert main(["health", target.address, "mesh.test.v1.Other"]) == 1
    assert capsys.readouterr().out == "NOT_FOUND\n"


def test_an_unused_address_is_unavailable_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The check does not wait for its timeout."""
    assert main(["health", UNUSED_ADDRESS]) == 1
    assert capsys.readouterr().out == "UNAVAILABLE\n"


def test_a_server_that_does_not_respond_fails_after_the_timeout() -> None:
    """It accepts the connection and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with grpc.insecure_channel(address) as channel:
            assert health.check_service(channel, "", timeout_seconds=0.2) == "DEADLINE_EXCEEDED"
        assert health.check_url(f"http://{address}/ready", timeout_seconds=0.2) == "TimeoutError"


def test_urls_that_return_200_are_ready(web: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each URL has a line."""
    assert main(["ready", f"{web}/ready", f"{web}/ready"]) == 0
    assert capsys.readouterr().out == f"{web}/ready 200\n"


def test_one_url_that_is_not_ready_fails_the_command(web: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines name it."""
    assert main(["ready", f"{web}/ready", f"{web}/other", f"http://{UNUSED_ADDRESS}/ready", "nonsense"]) == 1
    out = capsys.readouterr().out
    assert out == f"{web}/ready 200\n{web}/other 503\nhttp://{UNUSED_ADDRESS}/ready URLError\nnonsense ValueError\n"


def test_with_tls_the_check_presents_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service checks itself with its own certificate; without one, and under another name, the check fails."""
    write_certificates(tmp_path / "certs", ["echo", "other"], 1)
    credentials = Credentials(SECRET, tls=Tls(tmp_path / "certs"))
    server = MeshServer(echo.service(), credentials, "127.0.0.1:0")
    server.start()
    address = f"127.0.0.1:{server.port}"
    try:
        assert main(["health", address, ECHO]) == 1
        monkeypatch.setenv("MESH_TLS_DIR", str(tmp_path / "certs"))
        assert main(["health", address, ECHO, "--as", "echo"]) == 0
        assert main(["health", address, ECHO, "--as", "other", "--to", "echo"]) == 0
        assert main(["health", address, ECHO, "--as", "other"]) == 1
        assert main(["health", address, ECHO, "--as", "unknown"]) == 2
    finally:
        server.stop(grace_seconds=0)
