"""`python -m launcher` starts no process when the product cannot start."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

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
