"""Starts the product, or parts of it, as real processes on free ports, and stops what it started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from bookstore.users.v1 import users_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy.engine import URL

from mesh.client import Target
from mesh.identity import derive_secret
from mesh.tls import Tls, expecting

ROOT = Path(__file__).resolve().parent.parent
JWT_SECRET = "a secret that only the tests know, 32+ bytes"
MESH_SECRET = derive_secret(JWT_SECRET)
PATIENCE = 60.0
"""Seconds that a process gets to be ready, or to end."""
DESCRIPTORS = {
    "users": users_pb2.DESCRIPTOR.services_by_name["Users"],
    "books": books_pb2.DESCRIPTOR.services_by_name["Books"],
    "orders": orders_pb2.DESCRIPTOR.services_by_name["Orders"],
}
MODULES = {"frontend": "frontend.server"}
"""Parts of the product whose module is not called like them."""
REST_PORTS = ("USERS_PORT", "BOOKS_PORT", "ORDERS_PORT", "PLACE_ORDER_PORT", "DISPLAY_ORDERS_PORT")


class Process:
    """A process of the product; its output goes to a file, for the message when something fails.

    Args:
        arguments: the command line.
        environ: its environment.
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
        """Its process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends it without a warning."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Asks it to end and waits; answers its exit status."""
        if self.alive():
            self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Waits for its end; answers its exit status. Its whole group is killed when it does not come."""
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            return self._process.wait()


class Product:
    """The services, the worker, the gateway and the shop's server as processes on free ports, in one folder.

    Args:
        folder: an empty folder for the database and the logs.
        settings: environment beside the ports and the secret.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        ports = free_ports(9)
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in zip(DESCRIPTORS, ports, strict=False)}
        self.rest = dict(zip(REST_PORTS, ports[3:8], strict=True))
        self.pages = f"http://localhost:{ports[8]}"
        self.processes: dict[str, Process] = {}
        self.environ = {
            **_inherited(),
            "PYTHONPATH": str(ROOT),
            "JWT_SECRET_KEY": JWT_SECRET,
            "ORDER_PROCESSING_SECONDS": "0",
            "LOG_LEVEL": "info",
            **{f"{name.upper()}_ADDRESS": address for name, address in self.addresses.items()},
            **{f"{name.upper()}_TARGET": address for name, address in self.addresses.items()},
            **{name: str(port) for name, port in self.rest.items()},
            "FRONTEND_PORT": str(ports[8]),
            "CORS_ORIGINS": self.pages,
            **(settings or {}),
        }

    def url(self, port: str) -> str:
        """Base address of one of the five REST ports, such as `BOOKS_PORT`."""
        return f"http://127.0.0.1:{self.rest[port]}"

    def target(self, name: str) -> Target:
        """A service, for `mesh.client.connect`."""
        return Target(name, self.addresses[name], DESCRIPTORS[name])

    def start(self, *names: str) -> None:
        """Starts the named parts, by their names in the Procfile, and waits until all but the worker are ready."""
        for name in names:
            module = f"svc_{name}" if name in DESCRIPTORS else MODULES.get(name, name)
            log = self.folder / f"{name}.log"
            self.processes[name] = Process([sys.executable, "-m", module], self.environ, self.folder, log)
        for name in names:
            if name in DESCRIPTORS:
                self._wait_for(name)
            elif name == "gateway":
                self._wait_for_answer(name, *(f"{self.url(port)}/health" for port in self.rest))
            elif name == "frontend":
                self._wait_for_answer(name, f"{self.pages}/config.json")

    def prepare(self) -> None:
        """Makes the database and fills the shelves."""
        command = [sys.executable, "-m", "database", "upgrade", "seed"]
        subprocess.run(command, env=self.environ, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> dict[str, int]:
        """Ends all parts, the last one first; answers their exit statuses."""
        return {name: process.stop() for name, process in reversed(self.processes.items())}

    def _channel(self, name: str) -> grpc.Channel:
        folder = self.environ.get("MESH_TLS_DIR")
        if not folder:
            return grpc.insecure_channel(self.addresses[name])
        return grpc.secure_channel(self.addresses[name], Tls(Path(folder)).channel("tester"), expecting(name))

    def _wait_for(self, name: str) -> None:
        process = self.processes[name]
        with self._channel(name) as channel:
            request = health_pb2.HealthCheckRequest(service=DESCRIPTORS[name].full_name)
            stub = health_pb2_grpc.HealthStub(channel)
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline and process.alive():
                try:
                    if stub.Check(request, timeout=1, wait_for_ready=True).status == 1:
                        return
                except grpc.RpcError:
                    continue
        message = f"{name} is not ready:\n{process.log.read_text()}"
        raise AssertionError(message)

    def _wait_for_answer(self, name: str, *urls: str) -> None:
        process, deadline = self.processes[name], time.monotonic() + PATIENCE
        while not all(map(answers, urls)):
            if time.monotonic() > deadline or not process.alive():
                message = f"{name} is not ready:\n{process.log.read_text()}"
                raise AssertionError(message)
            time.sleep(0.02)


@contextmanager
def running(
    folder: Path, *names: str, settings: Mapping[str, str] | None = None, database: URL | None = None
) -> Iterator[Product]:
    """The named parts, stopped at the end even when the test fails.

    Args:
        folder: an empty folder.
        names: the parts, as `Product.start` takes them.
        settings: environment beside the ports and the secret.
        database: a migrated one; when not given, a fresh one is made in the folder.
    """
    url = {"dbURL": database.render_as_string(hide_password=False)} if database is not None else {}
    product = Product(folder, {**url, **(settings or {})})
    if database is None:
        product.prepare()
    try:
        product.start(*names)
        yield product
    finally:
        product.stop()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def answers(url: str) -> bool:
    """Whether a server is there that answers with a success."""
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


def _inherited() -> dict[str, str]:
    """What a process needs to run at all: no setting of the developer's own shell reaches the product."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}  # noqa: TID251 - a test program's own
