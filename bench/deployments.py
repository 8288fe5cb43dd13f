"""The two deployments that are compared: the product as `make run` starts it, and its gateway with stub services."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
from sqlalchemy import text

from database.engine import Database, parse_url
from tests.harness import JWT_SECRET, PROCESS_TIMEOUT_SECONDS, ROOT, Process, Product

BUYERS = 1000
POLL_INTERVAL_SECONDS = 0.1
STOCK = 10_000_000


class Deployment:
    """Processes under one supervisor, on free ports.

    Args:
        folder: the folder to create.
        arguments: the supervisor's command line.
        settings: environment in addition to the ports.
    """

    def __init__(self, folder: Path, arguments: list[str], settings: dict[str, str]) -> None:
        folder.mkdir()
        self.product = Product(folder, settings)
        bin_folder = str(Path(sys.executable).parent)
        environ = {**self.product.environ, "PATH": f"{bin_folder}:{self.product.environ['PATH']}"}
        self._process = Process(arguments, environ, folder, folder / "run.log")

    def wait_until_is_ready(self) -> None:
        """Wait until every port is ready.

        Raises:
            RuntimeError: the deployment ended, or was not ready in time.
        """
        deadline = time.monotonic() + PROCESS_TIMEOUT_SECONDS
        while not all(_is_ready(self.product.url(port)) for port in self.product.rest):
            if not self._process.is_alive() or time.monotonic() > deadline:
                message = f"not ready:\n{self._process.log.read_text()}"
                raise RuntimeError(message)
            time.sleep(POLL_INTERVAL_SECONDS)

    def memory(self) -> dict[str, float]:
        """Return the PSS in MB by process; a process's name is its module."""
        sizes: dict[str, float] = {}
        for pid in [self._process.pid, *_descendants(self._process.pid)]:
            name = _module(pid)
            if name:
                sizes[name] = sizes.get(name, 0) + _pss(pid)
        return sizes

    def stop(self) -> None:
        """Stop all processes."""
        self._process.stop()


@contextmanager
def serving(*deployments: Deployment) -> Iterator[None]:
    """Wait until all deployments are ready; stop them at the end."""
    try:
        for deployment in deployments:
            deployment.wait_until_is_ready()
        yield
    finally:
        for deployment in deployments:
            deployment.stop()


def product_deployment(folder: Path, settings: dict[str, str]) -> Deployment:
    """Start the product as `make run` does."""
    return Deployment(folder / "product", [sys.executable, "-m", "launcher"], settings)


def stub_deployment(folder: Path) -> Deployment:
    """Start the same gateway in front of services that return constants."""
    command = [sys.executable, "-m", "launcher.procfile", str(ROOT / "bench/stubs.Procfile")]
    return Deployment(folder / "stubs", command, {})


@contextmanager
def open_database(product: Product) -> Iterator[Database]:
    """Yield the product's database."""
    database = Database(parse_url(product.environ.get("dbURL", f"sqlite:///{product.folder}/data/bookstore.db")))
    try:
        yield database
    finally:
        database.close()


def create_buyers(product: Product) -> list[str]:
    """Create buyers and stock for all of them, and return the buyers' access tokens."""
    insert = "INSERT INTO Users (username, email, password_hash, created_at) VALUES (:name, :email, 'x', :now)"
    rows = [
        {"name": f"buyer {i}", "email": f"buyer{i}@bench.example", "now": "2026-01-01 00:00:00.000000"}
        for i in range(BUYERS)
    ]
    with open_database(product) as database, database.write() as transaction:
        transaction.execute(text(insert), rows)
        transaction.execute(text("UPDATE Books SET quantity = :stock"), {"stock": STOCK})
        select = "SELECT user_id FROM Users WHERE email LIKE '%@bench.example' ORDER BY user_id"
        users = transaction.execute(text(select)).scalars().all()
        transaction.commit()
    return [token(user_id) for user_id in users]


def token(user_id: int) -> str:
    """Return an access token that is valid for a day."""
    now = int(time.time())
    claims = {"sub": str(user_id), "name": "buyer", "type": "access", "iat": now, "exp": now + 86400}
    return jwt.encode(claims, JWT_SECRET, "HS256")


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _descendants(pid: int) -> list[int]:
    completed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    children = [int(word) for word in completed.stdout.split()]
    return children + [each for child in children for each in _descendants(child)]


def _module(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    return words[words.index("-m") + 1] if "-m" in words else ""


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:"))
