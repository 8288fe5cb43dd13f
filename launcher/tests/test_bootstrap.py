"""Every Python can run the first program, and the packages are installed only when they must be."""

import ast
import hashlib
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from launcher import installation

bootstrap: Any = import_module("launcher.bootstrap")  # it has no types, which old Pythons could not read
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.unit
@pytest.mark.parametrize("version", [(3, 10, 14), (3, 5, 2), (2, 7, 18)])
def test_an_old_python_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    """It names both versions; the exit status is 1, and nothing is installed."""
    monkeypatch.setattr(sys, "version_info", version)
    assert bootstrap.main() == 1
    running = f"{version[0]}.{version[1]}"
    assert capsys.readouterr() == ("", f"The bookstore needs Python 3.11 or newer; this is {running}.\n")


@pytest.mark.unit
def test_an_old_python_can_parse_the_file() -> None:
    """Its syntax is that of Python 3.5, without f-strings and annotations."""
    source = Path(bootstrap.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 5))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.NamedExpr | ast.AnnAssign)]


@pytest.mark.integration
def test_installed_packages_are_not_installed_again(tmp_path: Path) -> None:
    """A copy whose stamp matches its lock file needs no network and no uv."""
    result = in_installed_copy(tmp_path, "run")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.integration
def test_without_npm_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    """The exit status is 1, after the Python packages have been installed."""
    result = in_installed_copy(tmp_path, "dev")
    sentence = "The tests need Node.js 20.19 or newer with npm: install it from https://nodejs.org.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", sentence)


def in_installed_copy(folder: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Run bootstrap in a copy whose Python packages are installed, with an empty PATH."""
    copy_checkout(folder)
    locked = b"".join((ROOT / name).read_bytes() for name in installation.LOCK_FILES)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".venv" / "installed-dev").write_text(f"{hashlib.sha256(locked).hexdigest()} {folder}")
    return bootstrap_in(folder, mode)


def copy_checkout(folder: Path) -> None:
    """Copy what an installation reads."""
    programs = [file.relative_to(ROOT) for part in ("launcher", "mesh") for file in (ROOT / part).glob("*.py")]
    names: list[str | Path] = [*installation.LOCK_FILES, "tests/tools/package-lock.json", *programs]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())


def bootstrap_in(folder: Path, mode: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run bootstrap in a copy, by default with an empty PATH."""
    command = [sys.executable, "-ES", "launcher/bootstrap.py", mode]
    environ = {"PATH": str(folder / "empty"), "HOME": str(folder), **settings}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


FAKE_UV = """#!/bin/sh
PATH=/usr/bin:/bin
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin" && ln -sf "{python}" "$UV_PROJECT_ENVIRONMENT/bin/python"
echo "$UV_PROJECT_ENVIRONMENT $UV_NO_DEV$UV_LOCKED$PIP_USER $*"
"""


@pytest.mark.integration
def test_a_checkout_that_was_moved_is_installed_again(tmp_path: Path) -> None:
    """Its programs and the contracts refer to the old folder. Variables for other projects change nothing."""
    before, after, foreign = tmp_path / "before", tmp_path / "after", tmp_path / "foreign"
    copy_checkout(before)
    (before / "bin").mkdir()
    (before / "bin" / "uv").write_text(FAKE_UV.format(python=sys.executable))
    (before / "bin" / "uv").chmod(0o755)
    settings = {"UV_PROJECT_ENVIRONMENT": str(foreign), "UV_NO_DEV": "1", "UV_LOCKED": "1", "PIP_USER": "1"}
    for folder, is_installed in ((before, False), (before, True), (after, False), (after, True)):
        if folder == after and not after.exists():
            before.rename(after)
        result = bootstrap_in(folder, "run", **settings, PATH=str(folder / "bin"))
        assert (result.returncode, result.stderr) == (0, "")
        expected = [] if is_installed else [f"{folder}/.venv  sync --frozen --quiet"]
        assert [line.partition(" --python")[0] for line in result.stdout.splitlines()[1:]] == expected
    assert not foreign.exists()


@pytest.mark.integration
def test_a_folder_with_a_colon_is_one_sentence(tmp_path: Path) -> None:
    """Colons separate the folders of a path, so that Python refuses to create an environment there."""
    copy_checkout(tmp_path / "a:b")
    result = bootstrap_in(tmp_path / "a:b", "run")
    sentence = (
        f"Python cannot work in {tmp_path}/a:b, whose name has a colon or a line break: move or rename the folder.\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (1, "", sentence)
