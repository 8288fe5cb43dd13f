"""Builds the pages of the app when their sources have changed since the last build."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from launcher.commands import run
from launcher.installation import NPM_INSTALL, VENV
from launcher.variables import for_tools
from mesh import env
from mesh.signals import StoppedError

FOLDER = Path(__file__).resolve().parent.parent / "frontend"
SOURCE_FILES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "vite-dev.ts")
SOURCE_FOLDERS = ("src", "public", "scripts")
TEST_FILES = re.compile(r"\.test\.tsx?$|^src/testing/")
"""Files in these folders that are not part of a build."""
MIN_NODE_VERSION = (20, 19)
"""The oldest version that Vite supports, as in package.json."""


class BuildError(Exception):
    """The pages could not be built; the message is one sentence with the reason."""


def is_built(folder: Path = FOLDER) -> bool:
    """Tell whether there is a build, of the current sources or of older ones."""
    return (folder / "dist" / "index.html").is_file()


def build(environ: Mapping[str, str], report: Callable[[str], None], folder: Path = FOLDER) -> None:
    """Bring the build up to date; when it is, this takes a few milliseconds.

    Args:
        environ: the environment of npm; Node.js is searched for on its `PATH`.
        report: is called with a sentence before each slow step.
        folder: folder of the app.

    Raises:
        BuildError: Node.js is missing or too old, npm fails, or the folder has a name that Vite cannot use.
        StoppedError: a signal has arrived, or the reader of the output has ended.
    """
    digest, stamp = _digest_sources(folder), folder / "dist" / ".sources"
    if is_built(folder) and stamp.is_file() and stamp.read_text() == digest:
        return
    if any(character in str(folder) for character in "#?"):
        message = f"Vite cannot build the pages of the app in {folder}: rename the folder so that it has no # and no ?."
        raise BuildError(message)
    npm = _Npm(environ, folder)
    npm.check_version()
    lock_digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    installed = folder / "node_modules" / "installed"  # bootstrap.py, which installs them for the tests, writes it too
    if not installed.is_file() or installed.read_text() != lock_digest:
        report("Installing the npm packages of the app (once, and again when their lock changes) ...")
        npm.run(*NPM_INSTALL)
        installed.write_text(lock_digest)
    report("Building the app (once, and again when its sources change) ...")
    npm.run("run", "build")
    stamp.write_text(digest)


def _digest_sources(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in sorted(_source_names(folder)):
        digest.update(f"{name}\0".encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _source_names(folder: Path) -> Iterator[str]:
    yield from SOURCE_FILES
    for source_folder in SOURCE_FOLDERS:
        for file in (folder / source_folder).rglob("*"):
            name = file.relative_to(folder).as_posix()
            if file.is_file() and not TEST_FILES.search(name):
                yield name


class _Npm:
    """Node.js and npm, as they are found on the path."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = for_tools(environ, VENV)
        self._folder = folder
        self._programs = {name: shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm")}

    def check_version(self) -> None:
        """Raise a BuildError when a program is missing or Node.js is too old."""
        oldest = ".".join(map(str, MIN_NODE_VERSION))
        advice = f"install Node.js {oldest} or newer from https://nodejs.org to build the pages of the app"
        for name, path in self._programs.items():
            if path is None:
                message = f"The program {name} was not found: {advice}."
                raise BuildError(message)
        version = self._read_version()
        numbers = re.match(r"v(\d+)\.(\d+)\.", version)
        if not numbers or (int(numbers[1]), int(numbers[2])) < MIN_NODE_VERSION:
            message = f"Node.js {version} is too old: {advice}."
            raise BuildError(message)

    def run(self, *arguments: str) -> None:
        """Run npm; its output is shown only when it fails."""
        program = self._programs["npm"] or "npm"
        with tempfile.TemporaryFile() as output:
            if not run([program, *arguments], self._folder, self._environ, output):
                return
            output.seek(0)
            sys.stderr.buffer.write(output.read())
            sys.stderr.flush()
            message = f"The pages of the app could not be built: `npm {' '.join(arguments[:2])}` failed as shown above."
            raise BuildError(message)

    def _read_version(self) -> str:
        command = [self._programs["node"] or "node", "--version"]
        result = subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)  # noqa: S603 - our choice
        return result.stdout.strip()


def main() -> int:
    """Build the pages; return 1 when that fails."""
    try:
        build(env.read_environment(), print)
    except StoppedError as error:
        return error.status
    except (BuildError, env.ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
