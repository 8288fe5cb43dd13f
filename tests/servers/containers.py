"""Temporary containers, where a Docker engine can be reached."""

import secrets
import shutil
import subprocess
import uuid
from pathlib import Path

from mesh.testing.ports import free_ports

DOCKER = "docker"
MYSQL, RABBITMQ = "mysql:8.4", "rabbitmq:4-management"
COMMAND_TIMEOUT_SECONDS = 60


class ContainerError(Exception):
    """A docker command failed; the message is the engine's own."""


class MySqlContainer:
    """A MySQL server in a container, with the same interface as `mariadb.MariaDb`.

    Args:
        readable: a folder that the container may read, under the same path.
        options: additional options of the server.
    """

    def __init__(self, readable: Path, *options: str) -> None:
        self.port = free_ports(1)[0]
        self.password = secrets.token_urlsafe(16)
        self._name = f"bookstore-test-{uuid.uuid4().hex[:12]}"
        docker(
            "create",
            f"--name={self._name}",
            f"--publish=127.0.0.1:{self.port}:3306",
            f"--env=MYSQL_ROOT_PASSWORD={self.password}",
            f"--volume={readable}:{readable}:ro",
            MYSQL,
            "--max-connections=500",
            *options,
        )

    @property
    def url(self) -> str:
        """URL of the server with an administrator's account, without a database name."""
        return f"mysql+mysqlconnector://root:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the container; the server accepts connections some seconds later."""
        docker("start", self._name)

    def kill(self) -> None:
        """Kill the server."""
        docker("kill", self._name)

    def shut_down(self) -> None:
        """Stop the server in order; it can be started again."""
        docker("stop", self._name)

    def stop(self) -> None:
        """Delete the container with its data."""
        docker("rm", "--force", "--volumes", self._name)


def reachable() -> bool:
    """Return whether a Docker engine responds; the client alone is not enough."""
    try:
        docker("info")
    except ContainerError:
        return False
    return True


def present(image: str) -> bool:
    """Return whether an image is present."""
    try:
        docker("image", "inspect", image)
    except ContainerError:
        return False
    return True


def docker(*arguments: str, timeout_seconds: float = COMMAND_TIMEOUT_SECONDS) -> str:
    """Run a docker command and return its output.

    Raises:
        ContainerError: the command does not exist, fails or takes too long.
    """
    if not shutil.which(DOCKER):
        raise ContainerError("There is no docker command.")
    try:
        completed = subprocess.run(
            [DOCKER, *arguments], capture_output=True, text=True, check=True, timeout=timeout_seconds
        )
    except subprocess.CalledProcessError as error:
        raise ContainerError(str(error.stderr).strip()) from None
    except subprocess.TimeoutExpired:
        message = f"docker {arguments[0]} took longer than {timeout_seconds:g} seconds."
        raise ContainerError(message) from None
    return completed.stdout.strip()
