"""Makes `.venv` from the lock, when it is not there or out of date; for `dev` also node_modules, with npm.

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
LOCKED = ("uv.lock", "pyproject.toml", "protos/pyproject.toml")
NPM_OF_TESTS = ("tests/tools", "frontend")


def main():
    """Brings the packages of `run`, or of `dev` with the test tools; the exit status is 1 when that failed."""
    if sys.version_info < (3, 11):  # no annotations and no new syntax in this file: an old Python has to read this far
        return _fail("The bookstore needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))
    mode = sys.argv[1]
    done = _packages(mode) and (mode == "run" or all(_npm(folder) for folder in NPM_OF_TESTS))
    return 0 if done else 1


def _packages(mode):
    """Brings the Python packages, when the lock has changed."""
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LOCKED)).hexdigest()
    stamps = [VENV / "installed-dev"] if mode == "dev" else [VENV / "installed-dev", VENV / "installed-run"]
    if any(stamp.is_file() and stamp.read_text() == wanted for stamp in stamps):
        return True
    print("Installing the packages (once, and whenever the lock changes) ...", flush=True)
    if not _sync(mode):
        return False
    (VENV / ("installed-" + mode)).write_text(wanted)
    return True


def _npm(folder):
    """Brings the npm packages of a folder, when its lock has changed."""
    wanted = hashlib.sha256((ROOT / folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = ROOT / folder / "node_modules" / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return True
    npm = shutil.which("npm")
    if npm is None:
        _fail("The tests need Node.js 20.19 or newer with npm: install it from https://nodejs.org.")
        return False
    print("Installing the npm packages of {} ...".format(folder), flush=True)
    if subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT / folder).returncode:
        _fail("The npm packages of {} could not be installed; npm has said why above.".format(folder))
        return False
    stamp.write_text(wanted)
    return True


def _sync(mode):
    uv = shutil.which("uv") or _own_uv()
    if uv is None:
        return False
    options = ["--inexact", "--no-dev"] if mode == "run" else []
    command = [uv, "sync", "--frozen", "--quiet", "--python", sys.executable, *options]
    if subprocess.run(command, cwd=ROOT).returncode:
        _fail("The packages could not be installed; uv has said why above.")
        return False
    return True


def _own_uv():
    uv = TOOLS / "bin" / "uv"
    if not uv.is_file():
        if subprocess.run([sys.executable, "-m", "venv", str(TOOLS)]).returncode:
            _fail("Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv.")
            return None
        if subprocess.run([str(TOOLS / "bin" / "pip"), "install", "--quiet", UV]).returncode:
            _fail("uv could not be installed; pip has said why above.")
            return None
    return str(uv)


def _fail(sentence):
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
