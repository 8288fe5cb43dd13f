"""A RabbitMQ server of the tests' own: on free ports, in a temporary folder, beside whatever the machine runs."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.harness import PATIENCE, free_ports
from tests.servers.certificates import Authority

USER = "tests"
SERVER, NAMES, CONTROL = "rabbitmq-server", "epmd", "rabbitmqctl"
FOLDERS = "/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/opt/rabbitmq/sbin:/usr/sbin:/usr/bin"
"""Where the server may be; Debian's program of that name in /usr/sbin insists on the system's own folders."""


class ServerError(Exception):
    """The server did not start, or did not do what it was asked for; the message says what it wrote."""


class Broker(ABC):
    """A server that can be killed and started again on the same ports, with the same data.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.port, self.tls_port, self.management = free_ports(3)
        self.password = secrets.token_urlsafe(16)
        self.authority = Authority(folder / "tls")
        self.certificate, self.key = self.authority.sign("localhost")

    @abstractmethod
    def begin(self) -> None:
        """Starts it."""

    @abstractmethod
    def kill(self) -> None:
        """Ends it without a warning, as a power cut would."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it for good, with all that belongs to it."""

    @abstractmethod
    def control(self, *arguments: str) -> None:
        """Runs `rabbitmqctl`, for what the HTTP API does not offer."""

    @abstractmethod
    def exit_output(self) -> str | None:
        """Its last lines when it has ended by itself, else none."""

    def start(self) -> None:
        """Starts it, and waits until it answers.

        Raises:
            ServerError: when it ends, or does not answer in time.
        """
        self.begin()
        self.wait()

    def wait(self) -> None:
        """Waits until it answers.

        Raises:
            ServerError: when it ends, or does not answer in time.
        """
        deadline = time.monotonic() + 2 * PATIENCE
        while not self._answers():
            output = self.exit_output()
            if output is not None or time.monotonic() > deadline:
                self.stop()
                message = f"{SERVER} did not start:\n{output}"
                raise ServerError(message)
            time.sleep(0.05)

    def url(self, vhost: str = "/") -> str:
        """How to reach a virtual host, for an account that may do everything."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}/{vhost.replace('/', '%2F')}"

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """A virtual host without exchanges and queues, gone at the end; yields its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.manage("PUT", f"vhosts/{name}")
        self.manage("PUT", f"permissions/{name}/{USER}", {"configure": ".*", "write": ".*", "read": ".*"})
        try:
            yield name
        finally:
            self.manage("DELETE", f"vhosts/{name}")

    def manage(self, method: str, path: str, body: object = None) -> Any:
        """Asks the management's HTTP API.

        Raises:
            ServerError: when it says no.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Basic " + b64encode(f"{USER}:{self.password}".encode()).decode()},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own server
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                message = f"{method} {path}: {error.code} {error.read().decode()}"
                raise ServerError(message) from None
        return json.loads(text) if text else None

    def tls_options(self) -> dict[str, object]:
        """Settings for its TLS; it asks nobody for a certificate."""
        return {
            "ssl_options.cacertfile": self.authority.file,
            "ssl_options.certfile": self.certificate,
            "ssl_options.keyfile": self.key,
            "ssl_options.verify": "verify_none",
            "ssl_options.fail_if_no_peer_cert": "false",
        }

    def _answers(self) -> bool:
        with suppress(OSError, ServerError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            self.manage("GET", "vhosts")
            return True
        return False


class RabbitMq(Broker):
    """One that is started by hand.

    Args:
        folder: an empty folder for all that it writes.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._names_port, self._peers_port = free_ports(2)
        self._folder = folder
        self._name = f"tests-{uuid.uuid4().hex[:8]}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._names: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[rabbitmq_management].\n")
        (folder / "rabbitmq.conf").write_text(self._configuration())

    def begin(self) -> None:
        """Starts it."""
        if self._names is None:  # the server would start one that outlives it
            self._names = self._run(NAMES, "-port", str(self._names_port), "-address", "127.0.0.1")
        self._process = self._run(SERVER)

    def kill(self) -> None:
        """Ends it without a warning, as a power cut would."""
        _end(self._process)

    def stop(self) -> None:
        """Ends it with all that belongs to it. Nothing has to outlive the tests, so nobody waits for an orderly end."""
        _end(self._process)
        _end(self._names)
        self._names = None

    def control(self, *arguments: str) -> None:
        """Runs `rabbitmqctl`, for what the HTTP API does not offer.

        Raises:
            ServerError: when it fails.
        """
        command = [found(CONTROL) or CONTROL, *arguments]
        done = subprocess.run(command, env=self._environ(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(done.stdout + done.stderr)

    def exit_output(self) -> str | None:
        """Its last lines when it has ended by itself, else none."""
        if self._process is None or self._process.poll() is None:
            return None
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-10:])

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*_ends_with_us(), found(program) or program, *arguments],
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _configuration(self) -> str:
        lines: dict[str, object] = {
            "listeners.tcp.local": f"127.0.0.1:{self.port}",
            "listeners.ssl.local": f"127.0.0.1:{self.tls_port}",
            **self.tls_options(),
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.management,
            "default_user": USER,
            "default_pass": self.password,
            "disk_free_limit.absolute": "50MB",
            "log.console": "true",
            "log.console.level": "warning",
            "log.file": "false",
        }
        return configuration(lines)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/bin",  # noqa: TID251 - a test program's own
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),  # the cookie's place
            "ERL_EPMD_PORT": str(self._names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._peers_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            # Idle schedulers would spin for a while, at the cost of everybody else's tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, instead of staying beside it
        }


def configuration(settings: dict[str, object]) -> str:
    """The text of a configuration file."""
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def installed() -> bool:
    """Whether this machine has what it takes."""
    return all(map(found, (SERVER, NAMES)))


def found(program: str) -> str | None:
    """Where a program is."""
    return shutil.which(program, path=FOLDERS)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()


def _ends_with_us() -> tuple[str, ...]:
    """A prefix that ends a program even when the tests are killed, where the system has one."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
