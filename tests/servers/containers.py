"""Throwaway containers, where a Docker engine can be reached."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

DOCKER = "docker"
PATIENCE = 30


def reachable() -> bool:
    """Whether an engine answers; the client alone is not enough."""
    return bool(shutil.which(DOCKER)) and not _docker("info").returncode


def present(image: str) -> bool:
    """Whether the image is on this machine."""
    return not _docker("image", "inspect", image).returncode


def pull(image: str) -> bool:
    """Fetches an image; answers whether it is here now."""
    return present(image) or not subprocess.run([DOCKER, "pull", "--quiet", image], check=False).returncode


@contextmanager
def running(
    image: str, port: int, environ: Mapping[str, str], options: tuple[str, ...] = (), arguments: tuple[str, ...] = ()
) -> Iterator[int]:
    """A container of an image; yields the port on 127.0.0.1 that leads to `port`. Gone at the end, with its data."""
    settings = [f"--env={name}={value}" for name, value in environ.items()]
    command = ("run", "--detach", "--rm", f"--publish=127.0.0.1::{port}", *settings, *options, image, *arguments)
    started = _docker(*command, patience=PATIENCE * 4)
    if started.returncode:
        message = f"A container of {image} did not start: {started.stderr.strip()}"
        raise ContainerError(message)
    container = started.stdout.strip()
    try:
        place = _docker("port", container, f"{port}/tcp").stdout.splitlines()[0]
        yield int(place.rpartition(":")[2])
    finally:
        _docker("rm", "--force", "--volumes", container)


class ContainerError(Exception):
    """The container did not start; the message says why."""


def _docker(*arguments: str, patience: int = PATIENCE) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DOCKER, *arguments], capture_output=True, text=True, check=False, timeout=patience)
