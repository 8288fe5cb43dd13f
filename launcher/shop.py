"""Builds the shop's pages when their sources changed since the last time."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

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


def build(environ: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Brings the build up to date; does nothing, in a few milliseconds, when it is.

    Args:
        environ: where to look for Node, and what npm gets to know.
        folder: where the sources stand.

    Raises:
        NotBuiltError: when Node is missing or too old, or when npm fails.
    """
    wanted, stamp = _digest(folder), folder / "dist" / ".sources"
    if is_built(folder) and stamp.is_file() and stamp.read_text() == wanted:
        return
    _check_node(environ)
    _install(environ, folder)
    print("Building the shop (once, and whenever its sources change) ...", flush=True)
    _npm(environ, folder, "run", "build")
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


def _check_node(environ: Mapping[str, str]) -> None:
    least = ".".join(map(str, NODE))
    wish = f"install Node.js {least} or newer from https://nodejs.org to have the shop's pages built"
    paths = {name: shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm")}
    if missing := next((name for name, path in paths.items() if path is None), None):
        message = f"The program {missing} was not found: {wish}."
        raise NotBuiltError(message)
    said = subprocess.run(
        ["node", "--version"], env=environ, capture_output=True, text=True, check=False
    ).stdout.strip()
    version = re.match(r"v(\d+)\.(\d+)", said)
    if not version or (int(version[1]), int(version[2])) < NODE:
        message = f"Node.js {said or 'here'} is too old: {wish}."
        raise NotBuiltError(message)


def _install(environ: Mapping[str, str], folder: Path) -> None:
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Installing the shop's packages (once, and whenever their lock changes) ...", flush=True)
    _npm(environ, folder, "ci")
    stamp.write_text(wanted)


def _npm(environ: Mapping[str, str], folder: Path, *arguments: str) -> None:
    """Runs npm, which speaks only when it fails."""
    done = subprocess.run(
        ["npm", *arguments], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        os.write(2, done.stdout)
        message = f"The shop's pages could not be built: `npm {' '.join(arguments)}` failed, and has said why above."
        raise NotBuiltError(message)
