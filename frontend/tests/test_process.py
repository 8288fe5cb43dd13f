"""The shop's server as a process: how it starts, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesh.ports import free_ports

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


@contextmanager
def started(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The process, killed at the end if it still runs then."""
    command = [sys.executable, "-m", "frontend"]
    environ = {"PYTHONPATH": os.pathsep.join((str(root), str(ROOT))), **settings}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the server with a build of one page."""
    package = tmp_path / "copy" / "frontend"
    (package / "dist").mkdir(parents=True)
    for file in [*(ROOT / "frontend").glob("*.py"), ROOT / "frontend" / "security-headers.conf"]:
        (package / file.name).write_bytes(file.read_bytes())
    (package / "dist" / "index.html").write_text("<!doctype html><title>the app</title>")
    return package.parent


def answers(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/browse", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def eventually(port: int, *, there: bool) -> None:
    """Returns when somebody answers there, or nobody any more."""
    deadline = time.monotonic() + PATIENCE
    while answers(port) is not there:
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, copy: Path, number: signal.Signals) -> None:
    """It serves until then; the exit status is 0, and the port is free again."""
    (port,) = free_ports(1)
    with started(tmp_path, copy, FRONTEND_PORT=str(port)) as process:
        eventually(port, there=True)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, answers(port)) == (0, False)
    assert "Traceback" not in said


def test_a_server_that_is_killed_leaves_nobody_on_its_port(tmp_path: Path, copy: Path) -> None:
    """Else the next start would find the port in use."""
    (port,) = free_ports(1)
    with started(tmp_path, copy, FRONTEND_PORT=str(port)) as process:
        eventually(port, there=True)
        process.kill()
        eventually(port, there=False)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """It names the port and the setting that moves it; the exit status is 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with started(tmp_path, FRONTEND_PORT=str(port)) as process:
            _, said = process.communicate(timeout=PATIENCE)
    expected = f"frontend: Port {port} on 127.0.0.1 cannot be listened on: end what uses it, or set FRONTEND_PORT.\n"
    assert (process.returncode, said) == (1, expected)


def test_without_a_build_it_says_how_to_make_one(tmp_path: Path, copy: Path) -> None:
    """One sentence, and status 1."""
    (copy / "frontend" / "dist" / "index.html").unlink()
    with started(tmp_path, copy, FRONTEND_PORT=str(free_ports(1)[0])) as process:
        _, said = process.communicate(timeout=PATIENCE)
    expected = "frontend: there is no build; run `npm ci` and `npm run build` in frontend/ first.\n"
    assert (process.returncode, said) == (1, expected)


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    """The setting is named, and the exit status is 2."""
    with started(tmp_path, PUBLIC_API_URL="api.example") as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said.startswith("frontend: PUBLIC_API_URL must be an address such as ")
    assert said.count("\n") == 1
