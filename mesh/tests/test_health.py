"""`python -m mesh health` and `ready` tell the truth, quickly, and by their exit status."""

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
NOBODY = "127.0.0.1:1"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 to /ready and 503 to everything else."""

    def do_GET(self) -> None:
        """One answer."""
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A running Echo."""
    with running(echo.service()) as started:
        yield started


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """The address of a running web server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def failing() -> Iterator[Target]:
    """An Echo that lacks what it needs."""

    def probe() -> None:
        raise ConnectionError

    plain = echo.service()
    with running(Service(plain.name, plain.descriptor, plain.add, probe)) as started:
        yield started


@pytest.mark.parametrize("service", ["", ECHO])
def test_a_service_that_serves_is_well(target: Target, service: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As a whole and by its name."""
    assert main(["health", target.address, service]) == 0
    assert capsys.readouterr().out == "SERVING\n"


def test_a_service_that_lacks_what_it_needs_is_not(failing: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that only answers is not enough."""
    assert main(["health", failing.address, ECHO]) == 1
    assert capsys.readouterr().out == "NOT_SERVING\n"


def test_another_service_on_the_same_port_is_not_mistaken(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody serves under that name there."""
    assert main(["health", target.address, "mesh.test.v1.Other"]) == 1
    assert capsys.readouterr().out == "NOT_FOUND\n"


def test_nobody_at_an_address_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Without waiting for the whole patience."""
    assert main(["health", NOBODY]) == 1
    assert capsys.readouterr().out == "UNAVAILABLE\n"


def test_silence_ends() -> None:
    """Somebody who takes the connection and says nothing is asked for a while only."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with grpc.insecure_channel(address) as channel:
            assert health.check_service(channel, "", timeout_seconds=0.2) == "DEADLINE_EXCEEDED"
        assert health.check_url(f"http://{address}/ready", timeout_seconds=0.2) == "TimeoutError"


def test_addresses_that_answer_are_ready(web: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with a line of its own."""
    assert main(["ready", f"{web}/ready", f"{web}/ready"]) == 0
    assert capsys.readouterr().out == f"{web}/ready 200\n"


def test_one_address_that_is_not_ready_fails_all(web: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And the lines say which."""
    assert main(["ready", f"{web}/ready", f"{web}/other", f"http://{NOBODY}/ready", "nonsense"]) == 1
    out = capsys.readouterr().out
    assert out == f"{web}/ready 200\n{web}/other 503\nhttp://{NOBODY}/ready URLError\nnonsense ValueError\n"


def test_with_tls_a_certificate_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service asks itself with its own; without one it hears nothing, and another's name is not taken for it."""
    write_certificates(tmp_path / "certs", ["echo", "other"], 1)
    credentials = Credentials(SECRET, tls=Tls(tmp_path / "certs"))
    server = MeshServer(echo.service(), credentials, "127.0.0.1:0", threads=4)
    server.start()
    address = f"127.0.0.1:{server.port}"
    try:
        assert main(["health", address, ECHO]) == 1
        monkeypatch.setenv("MESH_TLS_DIR", str(tmp_path / "certs"))
        assert main(["health", address, ECHO, "--as", "echo"]) == 0
        assert main(["health", address, ECHO, "--as", "other", "--to", "echo"]) == 0
        assert main(["health", address, ECHO, "--as", "other"]) == 1
        assert main(["health", address, ECHO, "--as", "nobody"]) == 2
    finally:
        server.stop(grace_seconds=0)
