"""The server of the built app as a process: how it starts and how it ends."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesh.testing import wait_until
from mesh.testing.ports import free_ports

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
EXIT_TIMEOUT_SECONDS = 30


@contextmanager
def started(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Start the process, and kill it at the end if it still runs."""
    command = [sys.executable, "-m", "frontend.server"]
    environ = {"PYTHONPATH": str(root), **settings}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the server, in a folder that also holds a build of one page."""
    root = tmp_path / "copy"
    (root / "frontend" / "server").mkdir(parents=True)
    (root / "frontend" / "dist").mkdir()
    files = [*(ROOT / "frontend" / "server").glob("*.py"), ROOT / "frontend" / "security-headers.conf"]
    for file in files:
        (root / file.relative_to(ROOT)).write_bytes(file.read_bytes())
    for package in ("mesh", "registry"):
        (root / package).symlink_to(ROOT / package)
    (root / "frontend" / "dist" / "index.html").write_text("<!doctype html><title>the app</title>")
    return root


def responds(port: int) -> bool:
    """Tell whether a server responds on the port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/browse", timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server(tmp_path: Path, copy: Path, number: signal.Signals) -> None:
    """It serves until then; the exit status is 0, and the port is free again."""
    (port,) = free_ports(1)
    with started(tmp_path, copy, FRONTEND_PORT=str(port)) as process:
        wait_until(lambda: responds(port))
        process.send_signal(number)
        _, output = process.communicate(timeout=EXIT_TIMEOUT_SECONDS)
    assert (process.returncode, responds(port)) == (0, False)
    assert "Traceback" not in output


def test_no_worker_outlives_a_killed_server(tmp_path: Path, copy: Path) -> None:
    """Otherwise the next start would find the port in use."""
    (port,) = free_ports(1)
    with started(tmp_path, copy, FRONTEND_PORT=str(port)) as process:
        wait_until(lambda: responds(port))
        process.kill()
        wait_until(lambda: not responds(port))


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """It names the port and its setting; the exit status is 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with started(tmp_path, FRONTEND_PORT=str(port)) as process:
            _, output = process.communicate(timeout=EXIT_TIMEOUT_SECONDS)
    sentence = (
        f"frontend: Port {port} on 127.0.0.1 is already in use: "
        "stop the program that uses it, or set FRONTEND_PORT to another port.\n"
    )
    assert (process.returncode, output) == (1, sentence)


def test_without_a_build_one_sentence_explains_how_to_build(tmp_path: Path, copy: Path) -> None:
    """The exit status is 1."""
    (copy / "frontend" / "dist" / "index.html").unlink()
    with started(tmp_path, copy, FRONTEND_PORT=str(free_ports(1)[0])) as process:
        _, output = process.communicate(timeout=EXIT_TIMEOUT_SECONDS)
    sentence = "frontend: There is no build. Run `npm ci` and `npm run build` in frontend/ first.\n"
    assert (process.returncode, output) == (1, sentence)


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    """It names the setting; the exit status is 2."""
    with started(tmp_path, PUBLIC_API_URL="api.example") as process:
        _, output = process.communicate(timeout=EXIT_TIMEOUT_SECONDS)
    assert process.returncode == 2
    assert output.startswith("frontend: PUBLIC_API_URL must be an address such as ")
    assert output.count("\n") == 1
