"""A RabbitMQ server for the tests: on free ports, in a temporary folder, independent of other servers."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
import uuid
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mesh.testing import wait_until
from mesh.testing.ports import free_ports
from registry.broker_accounts import PERMISSIONS, Config, create_accounts
from tests.harness import PROCESS_TIMEOUT_SECONDS
from tests.servers.certificates import Authority

USER = "tests"
STARTUP_TIMEOUT_SECONDS = 2 * PROCESS_TIMEOUT_SECONDS
SERVER, PORT_MAPPER, CONTROL = "rabbitmq-server", "epmd", "rabbitmqctl"
FOLDERS = "/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/opt/rabbitmq/sbin:/usr/sbin:/usr/bin"
"""Folders of the server. Debian's program of that name in /usr/sbin uses the system's own data, so it comes last."""


class ServerError(Exception):
    """The server did not start, or refused a request; the message contains its output."""


class Broker(ABC):
    """A broker that can be killed and started again on the same ports, with the same data.

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
        """Start the server without waiting."""

    @abstractmethod
    def kill(self) -> None:
        """Kill the server, as a power failure would."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server, its helpers and its data."""

    @abstractmethod
    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl`, for what the HTTP API does not offer."""

    @abstractmethod
    def exit_output(self) -> str | None:
        """Return the last log lines when the server has ended by itself, else None."""

    def start(self) -> None:
        """Start the server, and wait until it responds.

        Raises:
            ServerError: the server ended.
            AssertionError: it does not respond in time.
        """
        self.begin()
        self.wait()

    def wait(self) -> None:
        """Wait until the server responds.

        Raises:
            ServerError: the server ended.
            AssertionError: it does not respond in time.
        """
        wait_until(lambda: self._responds() or self.exit_output() is not None, STARTUP_TIMEOUT_SECONDS)
        output = self.exit_output()
        if output is not None:
            self.stop()
            message = f"{SERVER} did not start:\n{output}"
            raise ServerError(message)

    def url(self, vhost: str = "/", user: str = USER, password: str = "") -> str:
        """Return the URL of a virtual host, by default with an administrator's account."""
        return f"amqp://{user}:{password or self.password}@127.0.0.1:{self.port}/{vhost.replace('/', '%2F')}"

    def create_accounts(self, vhost: str) -> dict[str, str]:
        """Create the accounts of the processes in a virtual host, and return their URLs by process."""
        passwords = {f"{process.upper()}_RABBIT_PW": secrets.token_urlsafe(16) for process in PERMISSIONS}
        settings = {"RABBIT_VHOST": vhost, "RABBIT_USER": USER, "RABBIT_PW": self.password, **passwords}
        config = Config.from_env({**settings, "RABBIT_MANAGEMENT_URL": f"http://127.0.0.1:{self.management}"})
        create_accounts(config)
        return {each.process: self.url(vhost, each.name, each.password) for each in config.accounts}

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """Yield the name of a new virtual host; delete it at the end."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.manage("PUT", f"vhosts/{name}")
        self.manage("PUT", f"permissions/{name}/{USER}", {"configure": ".*", "write": ".*", "read": ".*"})
        try:
            yield name
        finally:
            self.manage("DELETE", f"vhosts/{name}")

    def manage(self, method: str, path: str, body: object = None) -> Any:
        """Send a request to the management API, and return the parsed body.

        Raises:
            ServerError: the response is an error.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + b64encode(f"{USER}:{self.password}".encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PROCESS_TIMEOUT_SECONDS) as response:  # noqa: S310 - our own server
                text = response.read()
        except urllib.error.HTTPError as error:
            with error:
                message = f"{method} {path}: {error.code} {error.read().decode()}"
                raise ServerError(message) from None
        return json.loads(text) if text else None

    def tls_options(self) -> dict[str, object]:
        """Return the settings for TLS without client certificates."""
        return {
            "ssl_options.cacertfile": self.authority.file,
            "ssl_options.certfile": self.certificate,
            "ssl_options.keyfile": self.key,
            "ssl_options.verify": "verify_none",
            "ssl_options.fail_if_no_peer_cert": "false",
        }

    def _responds(self) -> bool:
        with suppress(OSError, ServerError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            self.manage("GET", "vhosts")
            return True
        return False


class RabbitMq(Broker):
    """A broker as processes of this machine.

    Args:
        folder: an empty folder for all files of the broker.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._mapper_port, self._distribution_port = free_ports(2)
        self._folder = folder
        self._name = f"tests-{uuid.uuid4().hex[:8]}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[rabbitmq_management].\n")
        (folder / "rabbitmq.conf").write_text(self._configuration())

    def begin(self) -> None:
        """Start the server without waiting."""
        if self._mapper is None:  # the server would start one that keeps running after it
            self._mapper = self._run(PORT_MAPPER, "-port", str(self._mapper_port), "-address", "127.0.0.1")
        self._process = self._run(SERVER)

    def kill(self) -> None:
        """Kill the server, as a power failure would."""
        _end(self._process)

    def stop(self) -> None:
        """Kill the server and its port mapper: no data has to survive the tests."""
        _end(self._process)
        _end(self._mapper)
        self._mapper = None

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl`, for what the HTTP API does not offer.

        Raises:
            ServerError: the command failed.
        """
        command = [program(CONTROL), *arguments]
        completed = subprocess.run(command, env=self._environ(), capture_output=True, text=True, check=False)
        if completed.returncode:
            raise ServerError(completed.stdout + completed.stderr)

    def exit_output(self) -> str | None:
        """Return the last log lines when the server has ended by itself, else None."""
        if self._process is None or self._process.poll() is None:
            return None
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-10:])

    def _run(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*_die_with_parent(), program(name), *arguments],
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _configuration(self) -> str:
        settings: dict[str, object] = {
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
        return configuration(settings)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/bin",  # noqa: TID251 - a test program's own
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),  # folder of the Erlang cookie
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            # Without these options, idle schedulers would keep both cores busy.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then runs the server in its own process
        }


def configuration(settings: dict[str, object]) -> str:
    """Return the text of a configuration file."""
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def installed() -> bool:
    """Return whether the programs are installed."""
    return all(shutil.which(name, path=FOLDERS) for name in (SERVER, PORT_MAPPER))


def program(name: str) -> str:
    """Return the path of a program, or its name when it is not installed."""
    return shutil.which(name, path=FOLDERS) or name


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()


def _die_with_parent() -> tuple[str, ...]:
    """Return a command prefix that kills a program when the tests are killed, on systems that have one."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
