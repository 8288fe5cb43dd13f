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
    for name in (*bootstrap.LOCKED, "launcher/bootstrap.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    no_uv = {"PATH": str(tmp_path / "empty")}
    command = [sys.executable, "launcher/bootstrap.py", "run"]
    (tmp_path / ".venv").mkdir()
    locked = b"".join((ROOT / name).read_bytes() for name in bootstrap.LOCKED)
    (tmp_path / ".venv" / "installed-dev").write_text(hashlib.sha256(locked).hexdigest())
    result = subprocess.run(command, cwd=tmp_path, env=no_uv, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
