"""A broker for the tests: in a container where there is an engine with the image, else started by hand."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import rabbitmq
from tests.servers.containers import RABBITMQ, docker, present, reachable
from tests.servers.rabbitmq import USER, Broker, RabbitMq, configuration


class MissingBrokerError(Exception):
    """There is no broker to test on; the message is one sentence."""


class RabbitContainer(Broker):
    """RabbitMQ in a container.

    Args:
        folder: an empty folder; the container's own user has to be able to read what is in it.
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
            f"--hostname={self._name}",  # the name of its data
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
        """Starts it."""
        docker("start", self._name)

    def kill(self) -> None:
        """Ends it without a warning, as a power cut would."""
        docker("kill", self._name)

    def stop(self) -> None:
        """Ends it for good, with its data."""
        docker("rm", "--force", "--volumes", self._name)

    def control(self, *arguments: str) -> None:
        """Runs `rabbitmqctl`, for what the HTTP API does not offer."""
        docker("exec", self._name, "rabbitmqctl", *arguments)

    def exit_output(self) -> str | None:
        """Its last lines when it has ended by itself, else none."""
        if docker("inspect", "--format={{.State.Running}}", self._name) == "true":
            return None
        return docker("logs", "--tail=10", self._name)


@contextmanager
def own_broker(folder: Path) -> Iterator[Broker]:
    """A started broker of the tests' own, stopped at the end even when a test fails.

    Raises:
        MissingBrokerError: when none can be started here.
    """
    broker = _made(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def _made(folder: Path) -> Broker:
    if reachable() and present(RABBITMQ):
        return RabbitContainer(folder)
    if rabbitmq.installed():
        return RabbitMq(folder)
    raise MissingBrokerError("No RabbitMQ server can be started here: `make test` brings one.")
