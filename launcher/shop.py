"""Builds the shop's pages when their sources changed since the last time."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mesh import env

FOLDER = Path(__file__).resolve().parent.parent / "frontend"
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "vite-dev.ts")
SOURCE_FOLDERS = ("src", "public", "scripts")
NOT_BUILT = re.compile(r"\.test\.tsx?$|^src/testing/")
NODE = (20, 19)
"""The oldest that Vite runs on, as in package.json."""


class NotBuiltError(Exception):
    """The pages could not be built; the message is one sentence that says why."""


def is_built(folder: Path = FOLDER) -> bool:
    """Whether there is a build to serve, be it of today's sources or not."""
    return (folder / "dist" / "index.html").is_file()


def build(environ: Mapping[str, str], say: Callable[[str], None], folder: Path = FOLDER) -> None:
    """Brings the build up to date; does nothing, in a few milliseconds, when it is.

    Args:
        environ: where to look for Node, and what npm gets to know.
        say: told what takes long.
        folder: where the sources stand.

    Raises:
        NotBuiltError: when Node is missing or too old, or when npm fails.
    """
    wanted, stamp = _digest(folder), folder / "dist" / ".sources"
    if is_built(folder) and stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = _Npm(environ, folder)
    npm.check()
    locked = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    installed = folder / "node_modules" / "installed"  # as bootstrap.py, which brings them for the tests
    if not installed.is_file() or installed.read_text() != locked:
        say("Installing the shop's packages (once, and whenever their lock changes) ...")
        npm.run("ci", "--no-audit", "--no-fund", "--loglevel=error")
        installed.write_text(locked)
    say("Building the shop (once, and whenever its sources change) ...")
    npm.run("run", "build")
    stamp.write_text(wanted)


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for name in sorted(_sources(folder)):
        found.update(f"{name}\0".encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    return found.hexdigest()


def _sources(folder: Path) -> Iterator[str]:
    yield from SOURCES
    for place in SOURCE_FOLDERS:
        for file in (folder / place).rglob("*"):
            name = file.relative_to(folder).as_posix()
            if file.is_file() and not NOT_BUILT.search(name):
                yield name


class _Npm:
    """Node and its npm, wherever they are."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self._paths = {name: shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm")}

    def check(self) -> None:
        """Complains when they are missing or too old."""
        least = ".".join(map(str, NODE))
        wish = f"install Node.js {least} or newer from https://nodejs.org to have the shop's pages built"
        for name, path in self._paths.items():
            if path is None:
                message = f"The program {name} was not found: {wish}."
                raise NotBuiltError(message)
        version = self._call("node", "--version").stdout.decode().strip()
        numbers = re.match(r"v(\d+)\.(\d+)\.", version)
        if not numbers or (int(numbers[1]), int(numbers[2])) < NODE:
            message = f"Node.js {version} is too old: {wish}."
            raise NotBuiltError(message)

    def run(self, *arguments: str) -> None:
        """Runs npm, which speaks only when it fails."""
        done = self._call("npm", *arguments)
        if done.returncode:
            sys.stderr.buffer.write(done.stdout)
            message = f"The shop's pages could not be built: `npm {' '.join(arguments[:2])}` failed as shown above."
            raise NotBuiltError(message)

    def _call(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 - programs of our own choice
            [self._paths[name] or name, *arguments],
            cwd=self._folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )


def main() -> int:
    """`python -m launcher.shop`: builds; the exit status is 1 when that failed."""
    try:
        build(env.read_environment(), print)
    except NotBuiltError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
