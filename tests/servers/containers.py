"""Throwaway containers, where a Docker engine can be reached."""

import secrets
import shutil
import subprocess
import uuid
from pathlib import Path

from tests.harness import free_ports

DOCKER = "docker"
MYSQL, RABBITMQ = "mysql:8.4", "rabbitmq:4-management"
PATIENCE = 60


class ContainerError(Exception):
    """The engine does not do what it was asked for; the message is its own."""


class MySqlContainer:
    """A MySQL server in a container, with the same ways as the one that is started by hand.

    Args:
        readable: a folder that it may read, under the same name.
        options: of the server, beside its own.
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
        """How to reach it, for an account that may do everything, without a database's name."""
        return f"mysql+mysqlconnector://root:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it; it takes calls a while later."""
        docker("start", self._name)

    def kill(self) -> None:
        """Ends it without a warning."""
        docker("kill", self._name)

    def shut_down(self) -> None:
        """Ends it in order, to be started again."""
        docker("stop", self._name)

    def stop(self) -> None:
        """Ends it for good, with its data."""
        docker("rm", "--force", "--volumes", self._name)


def reachable() -> bool:
    """Whether an engine answers; the client alone is not enough."""
    try:
        docker("info")
    except ContainerError:
        return False
    return True


def pull(image: str) -> bool:
    """Fetches an image unless it is here; answers whether it is here then."""
    for arguments in (("image", "inspect", image), ("pull", "--quiet", image)):
        try:
            docker(*arguments, patience=600)
        except ContainerError:
            continue
        return True
    return False


def present(image: str) -> bool:
    """Whether an image is here."""
    try:
        docker("image", "inspect", image)
    except ContainerError:
        return False
    return True


def docker(*arguments: str, patience: float = PATIENCE) -> str:
    """What the client says.

    Raises:
        ContainerError: when it is not there, fails or takes too long.
    """
    if not shutil.which(DOCKER):
        raise ContainerError("There is no docker command.")
    try:
        done = subprocess.run([DOCKER, *arguments], capture_output=True, text=True, check=True, timeout=patience)
    except subprocess.CalledProcessError as error:
        raise ContainerError(str(error.stderr).strip()) from None
    except subprocess.TimeoutExpired:
        message = f"docker {arguments[0]} took longer than {patience:g} seconds."
        raise ContainerError(message) from None
    return done.stdout.strip()
