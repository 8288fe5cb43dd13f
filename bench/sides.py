"""The two sides of a comparison: the product as `make run` serves it, and its gateway in front of constants."""

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
from tests.harness import JWT_SECRET, PATIENCE, ROOT, Process, Product

BUYERS = 1000
PLENTY = 10_000_000


class Side:
    """Processes under one supervisor, on free ports.

    Args:
        folder: an empty folder.
        arguments: the supervisor's command line.
        settings: environment beside the ports.
    """

    def __init__(self, folder: Path, arguments: list[str], settings: dict[str, str]) -> None:
        folder.mkdir()
        self.product = Product(folder, settings)
        bin_folder = str(Path(sys.executable).parent)
        environ = {**self.product.environ, "PATH": f"{bin_folder}:{self.product.environ['PATH']}"}
        self._process = Process(arguments, environ, folder, folder / "run.log")

    def wait_until_ready(self) -> None:
        """Returns when every port can answer.

        Raises:
            RuntimeError: when that does not happen.
        """
        deadline = time.monotonic() + PATIENCE
        while not all(_ready(self.product.url(port)) for port in self.product.rest):
            if not self._process.alive() or time.monotonic() > deadline:
                message = f"not ready:\n{self._process.log.read_text()}"
                raise RuntimeError(message)
            time.sleep(0.1)

    def memory(self) -> dict[str, float]:
        """PSS by process in MB; a process's name is its module."""
        found: dict[str, float] = {}
        for pid in [self._process.pid, *_below(self._process.pid)]:
            name = _module(pid)
            if name:
                found[name] = found.get(name, 0) + _pss(pid)
        return found

    def stop(self) -> None:
        """Ends all."""
        self._process.stop()


@contextmanager
def serving(*sides: Side) -> Iterator[None]:
    """All of them ready, stopped at the end."""
    try:
        for side in sides:
            side.wait_until_ready()
        yield
    finally:
        for side in sides:
            side.stop()


def product(folder: Path, settings: dict[str, str]) -> Side:
    """The product as `make run` serves it."""
    return Side(folder / "product", [sys.executable, "-m", "launcher"], settings)


def ceiling(folder: Path) -> Side:
    """The same gateway in front of services that answer constants."""
    command = [sys.executable, "-m", "launcher.procfile", str(ROOT / "bench/stubs.Procfile")]
    return Side(folder / "ceiling", command, {})


@contextmanager
def opened(product: Product) -> Iterator[Database]:
    """The product's database."""
    database = Database(parse_url(product.environ.get("dbURL", f"sqlite:///{product.folder}/data/bookstore.db")))
    try:
        yield database
    finally:
        database.close()


def fill(product: Product) -> list[str]:
    """Makes buyers, stock for all of them, and answers the buyers' access tokens."""
    insert = "INSERT INTO Users (username, email, password_hash, created_at) VALUES (:name, :email, 'x', :now)"
    rows = [
        {"name": f"buyer {i}", "email": f"buyer{i}@bench.example", "now": "2026-01-01 00:00:00.000000"}
        for i in range(BUYERS)
    ]
    with opened(product) as database, database.write() as transaction:
        transaction.execute(text(insert), rows)
        transaction.execute(text("UPDATE Books SET quantity = :plenty"), {"plenty": PLENTY})
        found = "SELECT user_id FROM Users WHERE email LIKE '%@bench.example' ORDER BY user_id"
        users = transaction.execute(text(found)).scalars().all()
        transaction.commit()
    return [token(user_id) for user_id in users]


def token(user_id: int) -> str:
    """An access token that lasts as long as the benchmark."""
    now = int(time.time())
    claims = {"sub": str(user_id), "name": "buyer", "type": "access", "iat": now, "exp": now + 86400}
    return jwt.encode(claims, JWT_SECRET, "HS256")


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _below(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    children = [int(word) for word in listed.stdout.split()]
    return children + [each for child in children for each in _below(child)]


def _module(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    return words[words.index("-m") + 1] if "-m" in words else ""


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:"))
