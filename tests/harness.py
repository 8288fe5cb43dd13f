"""Starts the product, or parts of it, as real processes on free ports, and stops them."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import text
from sqlalchemy.engine import URL

from database.accounts import OWN_TABLES, create_accounts, read_accounts
from database.engine import Database, parse_url
from database.migrate import upgrade
from database.seed import seed
from mesh.client import Target
from mesh.identity import derive_secret
from mesh.testing import wait_until
from mesh.testing.ports import free_ports
from mesh.tls import Tls, server_name_options
from registry.rest_ports import REST_PORTS
from registry.services import service, services

ROOT = Path(__file__).resolve().parent.parent
JWT_SECRET = "a secret that only the tests know, 32+ bytes"
MESH_SECRET = derive_secret(JWT_SECRET)
PROCESS_TIMEOUT_SECONDS = 60.0
"""Time limit for a process to become ready, to end, or to answer a request."""
DESCRIPTORS = {entry.name: entry.descriptor for entry in services()}
MODULES = {"frontend": "frontend.server"}
"""Parts of the product whose module has another name."""


class Process:
    """A process of the product. Its output goes to a file, which the message of a failed test quotes.

    Args:
        arguments: the command line.
        environ: the environment of the process.
        folder: its working directory.
        log: the file for its output.
    """

    def __init__(self, arguments: list[str], environ: Mapping[str, str], folder: Path, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                arguments, env=environ, cwd=folder, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether the process is still running."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Send SIGTERM, wait for the end and return the exit status."""
        if self.is_alive():
            self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end and return the exit status. After the timeout, kill the whole process group."""
        try:
            return self._process.wait(PROCESS_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            return self._process.wait()


class Product:
    """The services, the worker, the gateway and the shop's server as processes on free ports, in one folder.

    Args:
        folder: an empty folder for the database and the logs.
        settings: environment in addition to the ports and the secret.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        ports = iter(free_ports(len(DESCRIPTORS) + len(REST_PORTS) + 1))
        self.addresses = {name: f"127.0.0.1:{next(ports)}" for name in DESCRIPTORS}
        self.rest = {port.variable: next(ports) for port in REST_PORTS}
        frontend_port = next(ports)
        self.pages = f"http://localhost:{frontend_port}"
        self.processes: dict[str, Process] = {}
        self.own_settings: dict[str, dict[str, str]] = {}
        """Settings of one part only, such as the URL with its own account, by the part's name."""
        self.environ = {
            **_inherited_environment(),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "protos" / "gen"))),
            "JWT_SECRET_KEY": JWT_SECRET,
            "ORDER_PROCESSING_SECONDS": "0",
            "LOG_LEVEL": "info",
            **{entry.address_variable: self.addresses[entry.name] for entry in services()},
            **{entry.target_variable: self.addresses[entry.name] for entry in services()},
            **{variable: str(port) for variable, port in self.rest.items()},
            "FRONTEND_PORT": str(frontend_port),
            "CORS_ORIGINS": self.pages,
            **(settings or {}),
        }

    def url(self, variable: str) -> str:
        """Return the base address of a REST port, which is named by its variable, such as `BOOKS_PORT`."""
        return f"http://127.0.0.1:{self.rest[variable]}"

    def target(self, name: str) -> Target:
        """Return the target of a service, for `mesh.client.connect`."""
        return Target(name, self.addresses[name], DESCRIPTORS[name])

    def start(self, *names: str) -> None:
        """Start the named parts, by their names in the Procfile, and wait until all but the worker are ready."""
        for name in names:
            module = service(name).package if name in DESCRIPTORS else MODULES.get(name, name)
            log = self.folder / f"{name}.log"
            environ = self.environ | self.own_settings.get(name, {})
            self.processes[name] = Process([sys.executable, "-m", module], environ, self.folder, log)
        for name in names:
            if name in DESCRIPTORS:
                self._wait_until_serving(name)
            elif name == "gateway":
                self._wait_until_responding(name, *(f"{self.url(variable)}/health" for variable in self.rest))
            elif name == "frontend":
                self._wait_until_responding(name, f"{self.pages}/config.json")

    def prepare(self) -> None:
        """Create the database and fill it with the catalogue."""
        if "dbURL" in self.environ:
            create_catalogue(parse_url(self.environ["dbURL"]))
            return
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        (data / "bookstore.db").write_bytes(_seeded_file())

    def stop(self) -> dict[str, int]:
        """Stop all parts, the last one first, and return their exit statuses."""
        return {name: process.stop() for name, process in reversed(self.processes.items())}

    def _channel(self, name: str) -> grpc.Channel:
        folder = self.environ.get("MESH_TLS_DIR")
        if not folder:
            return grpc.insecure_channel(self.addresses[name])
        return grpc.secure_channel(
            self.addresses[name], Tls(Path(folder)).channel_credentials("tester"), server_name_options(name)
        )

    def _wait_until_serving(self, name: str) -> None:
        with self._channel(name) as channel:
            request = health_pb2.HealthCheckRequest(service=DESCRIPTORS[name].full_name)
            stub = health_pb2_grpc.HealthStub(channel)

            def is_serving() -> bool:
                try:
                    response = stub.Check(request, timeout=1, wait_for_ready=True)
                except grpc.RpcError:
                    return False
                return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

            self._wait(name, is_serving)

    def _wait_until_responding(self, name: str, *urls: str) -> None:
        self._wait(name, lambda: all(map(responds, urls)))

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        process = self.processes[name]

        def is_ready_or_dead() -> bool:
            return is_ready() or not process.is_alive()

        wait_until(is_ready_or_dead, PROCESS_TIMEOUT_SECONDS, process.log.read_text)
        assert process.is_alive(), f"{name} ended:\n{process.log.read_text()}"


@contextmanager
def running_product(
    folder: Path,
    *names: str,
    settings: Mapping[str, str] | None = None,
    own_settings: Mapping[str, Mapping[str, str]] | None = None,
    database: URL | None = None,
) -> Iterator[Product]:
    """Yield a product whose named parts run; stop them at the end, also after a failure.

    On a server, each service uses its own account, as in production.

    Args:
        folder: an empty folder.
        names: the parts, as `Product.start` takes them.
        settings: environment in addition to the ports and the secret.
        own_settings: environment of one part only, by the part's name.
        database: a migrated database; without one, a SQLite file with the catalogue is created in the folder.
    """
    url = {"dbURL": database.render_as_string(hide_password=False)} if database is not None else {}
    product = Product(folder, {**url, **(settings or {})})
    if database is None:
        product.prepare()
    with _own_accounts(database) as urls:
        own_urls = {name: {"dbURL": url} for name, url in urls.items()}
        product.own_settings = {
            name: own_urls.get(name, {}) | dict((own_settings or {}).get(name, {})) for name in names
        }
        try:
            product.start(*names)
            yield product
        finally:
            product.stop()


@contextmanager
def _own_accounts(url: URL | None) -> Iterator[dict[str, str]]:
    """Yield the URL of each service at a server, with an account of its own."""
    if url is None or url.get_backend_name() == "sqlite":
        yield {}
        return
    passwords = {f"{name.upper()}_DB_PW": f"the password of {name}: 'x'" for name in OWN_TABLES}
    accounts = read_accounts(passwords, url)
    database = Database(url)
    create_accounts(database, accounts)
    try:
        yield {
            account.service: url.set(username=account.name, password=account.password).render_as_string(
                hide_password=False
            )
            for account in accounts
        }
    finally:
        with database.read() as connection:
            for account in accounts:
                connection.execute(text(f"DROP USER `{account.name}`@`%`"))
        database.close()


def create_catalogue(url: URL) -> None:
    """Migrate an empty database and fill it with the catalogue."""
    database = Database(url)
    upgrade(database)
    seed(database)
    database.close()


@cache
def _seeded_file() -> bytes:
    """Return a SQLite file with the catalogue: reading it back is faster than migrating anew for each product."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bookstore.db"
        create_catalogue(parse_url(f"sqlite:///{file}"))
        return file.read_bytes()


def responds(url: str) -> bool:
    """Return whether a GET of the URL gets a 2xx response."""
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


def _inherited_environment() -> dict[str, str]:
    """Return what a process needs to run at all, so that no setting of the developer's shell reaches the product."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}  # noqa: TID251 - a test program's own
