"""The first program that runs speaks to every Python, and says when it is too old."""

import ast
import hashlib
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

bootstrap: Any = import_module("launcher.bootstrap")  # it has no types, which old Pythons could not read
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.unit
@pytest.mark.parametrize("version", [(3, 10, 14), (3, 5, 2), (2, 7, 18)])
def test_an_old_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    """One sentence with both versions, and status 1; nothing is installed."""
    monkeypatch.setattr(sys, "version_info", version)
    assert bootstrap.main() == 1
    found = f"{version[0]}.{version[1]}"
    assert capsys.readouterr() == ("", f"The bookstore needs Python 3.11 or newer; this is {found}.\n")


@pytest.mark.unit
def test_an_old_python_can_read_that_far() -> None:
    """The file's syntax is Python 3.5's: no f-strings, no annotations, no newer syntax."""
    source = Path(bootstrap.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 5))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.NamedExpr | ast.AnnAssign)]


@pytest.mark.integration
def test_what_is_installed_already_is_not_installed_again(tmp_path: Path) -> None:
    """A copy whose stamp is that of its lock needs no network and no uv."""
    result = in_installed_copy(tmp_path, "run")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.integration
def test_without_npm_the_tests_say_what_to_install(tmp_path: Path) -> None:
    """One sentence and status 1, after the Python packages are there."""
    result = in_installed_copy(tmp_path, "dev")
    sentence = "The tests need Node.js 20.19 or newer with npm: install it from https://nodejs.org.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", sentence)


def in_installed_copy(folder: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """What bootstrap says in a copy whose Python packages are there, with nothing on the PATH."""
    for name in (*bootstrap.LOCKED, "launcher/bootstrap.py", "tests/tools/package-lock.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / ".venv").mkdir()
    locked = b"".join((ROOT / name).read_bytes() for name in bootstrap.LOCKED)
    (folder / ".venv" / "installed-dev").write_text(hashlib.sha256(locked).hexdigest())
    command = [sys.executable, "launcher/bootstrap.py", mode]
    nothing = {"PATH": str(folder / "empty")}
    return subprocess.run(command, cwd=folder, env=nothing, capture_output=True, text=True, check=False)
