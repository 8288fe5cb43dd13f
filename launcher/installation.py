"""Creates `.venv` from the lock file when it is missing or out of date; for `dev` also node_modules, with npm.

Uses only the standard library, because nothing is installed yet.
"""

import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path

from launcher.commands import run
from launcher.console import complain, say
from launcher.variables import for_tools
from mesh.signals import HANDLED, StoppedError, end_at_once
from mesh.streams import open_missing_streams

ROOT = Path(__file__).resolve().parent.parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = ("--require-hashes", "--requirement", "requirements-uv.txt")
LOCK_FILES = ("uv.lock", "pyproject.toml", "protos/pyproject.toml")
NPM_FOLDERS = ("tests/tools", "frontend")
NPM_INSTALL = (
    *("ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"),
    *("--include=dev", "--include=optional", "--global=false", "--dry-run=false", "--package-lock=true"),
)
"""The second line has what a person's `.npmrc` may set otherwise."""


class InstallationError(Exception):
    """Something cannot be installed; the message is one sentence that says what to do."""


def main(mode: str) -> int:
    """Install what `run` or `dev` needs; for `start`, what `run` needs, and then become `python -m launcher`.

    Returns 1 when that fails.
    """
    parent_id = os.getppid()
    end_at_once()
    open_missing_streams()
    environ = for_tools(os.environ, VENV)  # noqa: TID251 - the settings are read later
    try:
        _install("dev" if mode == "dev" else "run", environ)
        if mode == "start":
            _become_launcher(environ, parent_id)
    except StoppedError as error:
        return error.status
    except InstallationError as error:
        complain(str(error))
        return 1
    return 0


def locked() -> str:
    """Return what a stamp contains: the digest of the lock files, and the folder, which the packages refer to."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LOCK_FILES)).hexdigest()
    return f"{digest} {ROOT}"


def _become_launcher(environ: dict[str, str], parent_id: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)  # they wait until the launcher is ready for them
    os.execve(PYTHON, [str(PYTHON), "-m", "launcher", "--parent", str(parent_id)], environ)  # noqa: S606 - our own


def _install(mode: str, environ: dict[str, str]) -> None:
    if any(character in str(ROOT) for character in ":\n"):
        message = f"Python cannot work in {ROOT}, whose name has a colon or a line break: move or rename the folder."
        raise InstallationError(message)
    _install_python_packages(mode, environ)
    if mode == "dev":
        for folder in NPM_FOLDERS:
            _install_npm_packages(folder, environ)


def _install_python_packages(mode: str, environ: dict[str, str]) -> None:
    """Install the Python packages when the lock file or the folder has changed."""
    expected = locked()
    stamps = [VENV / "installed-dev"] if mode == "dev" else [VENV / "installed-dev", VENV / "installed-run"]
    if PYTHON.exists() and any(stamp.is_file() and stamp.read_text("utf-8") == expected for stamp in stamps):
        return
    _check_writable(ROOT)
    say("Installing the Python packages (once, and again when the lock changes) ...")
    if not _was_installed_here():
        shutil.rmtree(VENV, ignore_errors=True)  # another folder's, which its programs name, or an unfinished one
    for stamp in VENV.glob("installed-*"):
        stamp.unlink()  # they are missing until the installation is complete
    uv = shutil.which("uv") or _install_uv(environ)
    options = ["--inexact", "--no-dev"] if mode == "run" else []
    command = [uv, "sync", "--frozen", "--quiet", "--python", sys.executable, *options]
    if run(command, ROOT, environ):
        raise InstallationError("The Python packages could not be installed; uv reports the reason above.")
    (VENV / f"installed-{mode}").write_text(expected, "utf-8")


def _was_installed_here() -> bool:
    stamps = [stamp.read_text("utf-8") for stamp in VENV.glob("installed-*")]
    return bool(stamps) and all(stamp.partition(" ")[2] == str(ROOT) for stamp in stamps)


def _install_npm_packages(folder: str, environ: dict[str, str]) -> None:
    """Install the npm packages of a folder when its lock file has changed."""
    digest = hashlib.sha256((ROOT / folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = ROOT / folder / "node_modules" / "installed"
    if stamp.is_file() and stamp.read_text("utf-8") == digest:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise InstallationError("The tests need Node.js 20.19 or newer with npm: install it from https://nodejs.org.")
    _check_writable(ROOT / folder)
    say(f"Installing the npm packages of {folder} ...")
    if run([npm, *NPM_INSTALL], ROOT / folder, environ):
        message = f"The npm packages of {folder} could not be installed; npm reports the reason above."
        raise InstallationError(message)
    stamp.write_text(digest, "utf-8")


def _install_uv(environ: dict[str, str]) -> str:
    uv = TOOLS / "bin" / "uv"
    if not uv.is_file():
        if run([sys.executable, "-m", "venv", "--clear", str(TOOLS)], ROOT, environ):
            message = "Python cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv."
            raise InstallationError(message)
        if run([str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-user", *UV], ROOT, environ):
            raise InstallationError("uv could not be installed; pip reports the reason above.")
    return str(uv)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        message = (
            f"The packages cannot be installed, because {folder} cannot be written to: "
            "copy the checkout to a folder of your own, or change the owner of this one."
        )
        raise InstallationError(message)
