"""Creates `.venv` from the lock file when it is missing or out of date; for `dev` also node_modules, with npm.

usage: python3 launcher/bootstrap.py run|dev
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
UV = "uv==0.13.9"
LOCK_FILES = ("uv.lock", "pyproject.toml", "protos/pyproject.toml")
NPM_FOLDERS = ("tests/tools", "frontend")


def main():
    """Install the packages for `run`, or for `dev` with the test tools; return 1 when that fails."""
    if sys.version_info < (3, 11):  # an old Python has to parse this file: no annotations and no newer syntax
        return _fail("The bookstore needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))
    mode = sys.argv[1]
    installed = _install_python_packages(mode)
    if installed and mode == "dev":
        installed = all(_install_npm_packages(folder) for folder in NPM_FOLDERS)
    return 0 if installed else 1


def _install_python_packages(mode):
    """Install the Python packages when the lock file has changed; return whether they are installed."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LOCK_FILES)).hexdigest()
    stamps = [VENV / "installed-dev"] if mode == "dev" else [VENV / "installed-dev", VENV / "installed-run"]
    if any(stamp.is_file() and stamp.read_text() == digest for stamp in stamps):
        return True
    print("Installing the Python packages (once, and again when the lock changes) ...", flush=True)
    if not _sync(mode):
        return False
    (VENV / ("installed-" + mode)).write_text(digest)
    return True


def _install_npm_packages(folder):
    """Install the npm packages of a folder when its lock file has changed; return whether they are installed."""
    digest = hashlib.sha256((ROOT / folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = ROOT / folder / "node_modules" / "installed"
    if stamp.is_file() and stamp.read_text() == digest:
        return True
    npm = shutil.which("npm")
    if npm is None:
        _fail("The tests need Node.js 20.19 or newer with npm: install it from https://nodejs.org.")
        return False
    print("Installing the npm packages of {} ...".format(folder), flush=True)
    if subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT / folder).returncode:
        _fail("The npm packages of {} could not be installed; npm reports the reason above.".format(folder))
        return False
    stamp.write_text(digest)
    return True


def _sync(mode):
    uv = shutil.which("uv") or _install_uv()
    if uv is None:
        return False
    options = ["--inexact", "--no-dev"] if mode == "run" else []
    command = [uv, "sync", "--frozen", "--quiet", "--python", sys.executable, *options]
    if subprocess.run(command, cwd=ROOT).returncode:
        _fail("The Python packages could not be installed; uv reports the reason above.")
        return False
    return True


def _install_uv():
    uv = TOOLS / "bin" / "uv"
    if not uv.is_file():
        if subprocess.run([sys.executable, "-m", "venv", str(TOOLS)]).returncode:
            _fail("Python cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv.")
            return None
        if subprocess.run([str(TOOLS / "bin" / "pip"), "install", "--quiet", UV]).returncode:
            _fail("uv could not be installed; pip reports the reason above.")
            return None
    return str(uv)


def _fail(sentence):
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
