"""`python -m launcher` starts no process when the product cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher.addresses import FRONTEND_PORT
from mesh.signals import blocked_signals
from mesh.testing.ports import free_ports
from registry.rest_ports import REST_PORTS
from registry.services import services

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher in a folder."""
    command = [sys.executable, "-m", "launcher"]
    environ = {"PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """No process starts, no database is created, and the exit status is 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        result = start(tmp_path, JWT_SECRET_KEY="x" * 32, USERS_PORT=str(port))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"Port {port} on 127.0.0.1 is already in use: "
        "stop the program that uses it, or set USERS_PORT to another port.\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    """The secret has been written by then, and is not printed."""
    result = start(tmp_path, BOOKS_ADDRESS="127.0.0.1:99999")
    assert (result.returncode, result.stdout) == (1, "Wrote a random JWT_SECRET_KEY into .env.\n")
    assert result.stderr == "BOOKS_ADDRESS must look like 127.0.0.1:50051, not '127.0.0.1:99999'.\n"
    secret = (tmp_path / ".env").read_text().strip().partition("=")[2]
    assert len(secret) == 64
    assert secret not in result.stdout + result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay_seconds", [0.05, 0.3, 0.8])
def test_a_signal_during_the_start_is_no_traceback(
    tmp_path: Path, number: signal.Signals, delay_seconds: float
) -> None:
    """Bootstrap starts the launcher with its signals blocked, and the launcher unblocks them when it is ready."""
    command = [sys.executable, "-m", "launcher"]
    environ = {"PYTHONPATH": str(ROOT), "USERS_PORT": "none", "JWT_SECRET_KEY": "x"}
    with blocked_signals():
        process = subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True)
    time.sleep(delay_seconds)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode == -number or "USERS_PORT must be a whole number" in errors


def test_a_closed_output_is_no_traceback(tmp_path: Path) -> None:
    """The reader of a pipe has ended before the first line is written."""
    reading, writing = os.pipe()
    os.close(reading)
    environ = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "launcher"]
    result = subprocess.run(
        command, cwd=tmp_path, env=environ, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (128 + signal.SIGPIPE, "")


def test_a_database_in_memory_is_one_sentence(tmp_path: Path) -> None:
    """Each process would have its own."""
    settings = {**free_settings(), "dbURL": "sqlite:///:memory:"}
    result = start(tmp_path, JWT_SECRET_KEY="x" * 32, **settings)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "dbURL names a database in memory, which processes cannot share: name a file.\n"


def free_settings() -> dict[str, str]:
    """Return a free port for each part of the product."""
    entries = services()
    ports = iter(free_ports(len(REST_PORTS) + len(entries) + 1))
    addresses = {entry.address_variable: f"127.0.0.1:{next(ports)}" for entry in entries}
    return {port.variable: str(next(ports)) for port in (*REST_PORTS, FRONTEND_PORT)} | addresses
