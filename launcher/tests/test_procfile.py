"""A Procfile is parsed, and its processes write to the output of the launcher directly."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.procfile import parse_procfile

ROOT = Path(__file__).resolve().parents[2]
EXIT_TIMEOUT_SECONDS = 30


@pytest.mark.unit
def test_commands_are_parsed_by_name() -> None:
    """Comments and empty lines are skipped, and a command may contain a colon."""
    text = "# processes\n\nusers: exec python -m svc_users\nweb:  serve :80 \n"
    assert parse_procfile(text) == {"users": "exec python -m svc_users", "web": "serve :80"}


@pytest.mark.unit
def test_the_procfile_of_the_product_has_a_process_for_each_part() -> None:
    """Each command replaces its shell, which would keep signals from the process."""
    commands = parse_procfile((ROOT / "Procfile").read_text())
    assert {"users", "books", "orders", "worker", "gateway", "frontend"} <= set(commands)
    assert all(command.startswith("exec python -m ") for command in commands.values())


@pytest.mark.integration
def test_the_processes_inherit_the_output(tmp_path: Path) -> None:
    """They write to the same files as the launcher, and the first one that ends sets the exit status."""
    file = tmp_path / "Procfile"
    file.write_text("one: readlink /proc/self/fd/1; exec sleep 30\ntwo: sleep 0.5; echo $GREETING; exit 3\n")
    command = [sys.executable, "-m", "launcher.procfile", str(file)]
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.defpath, "GREETING": "hello"}
    output = tmp_path / "output"
    with output.open("wb") as stream:
        result = subprocess.run(
            command, cwd=tmp_path, env=environ, stdout=stream, stderr=subprocess.PIPE, check=False,
            timeout=EXIT_TIMEOUT_SECONDS,
        )  # fmt: skip
    assert result.returncode == 3
    assert output.read_text().splitlines() == [str(output), "hello"]


@pytest.mark.integration
@pytest.mark.parametrize("output", ["pipe", "terminal"])
def test_all_end_when_the_output_has_no_reader(tmp_path: Path, output: str) -> None:
    """As after `make run | head`, and when the window of a terminal is closed; no process needs to write for that."""
    file = tmp_path / "Procfile"
    file.write_text("one: echo started; exec sleep 60\ntwo: exec sleep 60\n")
    reading, writing = os.pipe() if output == "pipe" else pty.openpty()
    command = [sys.executable, "-m", "launcher.procfile", str(file)]
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    assert os.read(reading, 100).split() == [b"started"]
    os.close(reading)
    assert process.wait(EXIT_TIMEOUT_SECONDS) == 0
