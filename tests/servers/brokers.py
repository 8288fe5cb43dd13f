"""A broker for the tests: in a container where an engine has the image, else as processes of this machine."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import rabbitmq
from tests.servers.containers import RABBITMQ, docker, present, reachable
from tests.servers.rabbitmq import USER, Broker, RabbitMq, configuration


class MissingBrokerError(Exception):
    """No broker can be started; the message is one sentence."""


class RabbitContainer(Broker):
    """RabbitMQ in a container.

    Args:
        folder: an empty folder, whose files the container's own user has to be able to read.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        tls = self.authority.file.parent
        file = tls / "tests.conf"
        file.write_text(configuration({"listeners.ssl.default": 5671, **self.tls_options()}))
        self._name = f"bookstore-test-{uuid.uuid4().hex[:12]}"
        docker(
            "create",
            f"--name={self._name}",
            f"--hostname={self._name}",  # RabbitMQ names its data after the host
            f"--publish=127.0.0.1:{self.port}:5672",
            f"--publish=127.0.0.1:{self.tls_port}:5671",
            f"--publish=127.0.0.1:{self.management}:15672",
            f"--volume={tls}:{tls}:ro",
            f"--volume={file}:/etc/rabbitmq/conf.d/90-tests.conf:ro",
            f"--env=RABBITMQ_DEFAULT_USER={USER}",
            f"--env=RABBITMQ_DEFAULT_PASS={self.password}",
            RABBITMQ,
        )

    def begin(self) -> None:
        """Start the container without waiting."""
        docker("start", self._name)

    def kill(self) -> None:
        """Kill the container, as a power failure would."""
        docker("kill", self._name)

    def stop(self) -> None:
        """Delete the container with its data."""
        docker("rm", "--force", "--volumes", self._name)

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl`, for what the HTTP API does not offer."""
        docker("exec", self._name, "rabbitmqctl", *arguments)

    def exit_output(self) -> str | None:
        """Return the last log lines when the container has ended by itself, else None."""
        if docker("inspect", "--format={{.State.Running}}", self._name) == "true":
            return None
        return docker("logs", "--tail=10", self._name)


@contextmanager
def broker_server(folder: Path) -> Iterator[Broker]:
    """Yield a running broker; stop it at the end.

    Raises:
        MissingBrokerError: there is neither an image nor a program.
    """
    broker = _create(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def _create(folder: Path) -> Broker:
    if reachable() and present(RABBITMQ):
        return RabbitContainer(folder)
    if rabbitmq.installed():
        return RabbitMq(folder)
    raise MissingBrokerError("No RabbitMQ server can be started here: `make test` installs one.")
