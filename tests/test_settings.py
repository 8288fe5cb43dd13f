"""The table of settings in docs/OPERATIONS.md, .env.example, and the code that reads them know the same names."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

import database.config
import frontend.config
import gateway.config
import svc_books.config
import svc_orders.config
import svc_users.config
import worker.config
from mesh.env import ConfigError
from tests.harness import JWT_SECRET, ROOT

pytestmark = pytest.mark.unit

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>.*?) \| .* \|$", re.MULTILINE)
LINE = re.compile(r"^(?:# )?(?P<name>\w+)=(?P<value>[^#\n]*)", re.MULTILINE)
LOGGED = re.compile(r'env\.choice\(\w+, "(\w+)"')
COMPOSED = re.compile(r"\$\{(?=(\w+))")
READERS: list[Callable[[Mapping[str, str]], object]] = [
    database.config.Config.from_env,
    frontend.config.Config.from_env,
    gateway.config.Config.from_env,
    svc_books.config.Config.from_env,
    svc_orders.config.Config.from_env,
    svc_users.config.Config.from_env,
    worker.config.Config.from_env,
]
SITUATIONS: list[dict[str, str]] = [
    {"JWT_SECRET_KEY": JWT_SECRET},
    {"MESH_SECRET": JWT_SECRET, "JWT_SECRET_KEY": JWT_SECRET},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_HOST": "localhost", "RABBIT_TLS": "true"},
    {"JWT_SECRET_KEY": JWT_SECRET, "RABBIT_URL": "amqp://localhost"},
]
"""Some settings are read only beside others."""


class Recorder(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override] # one of dict's overloads
        """As a dict's."""
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        """As a dict's."""
        self.asked.add(key)
        return super().__getitem__(key)


@pytest.fixture(scope="module")
def read() -> set[str]:
    """Every name that the code asks for, and every one that the compose file uses."""
    asked = set(LOGGED.findall((ROOT / "mesh" / "logs.py").read_text("utf-8")))
    for reader in READERS:
        for situation in SITUATIONS:
            environ = Recorder(situation)
            with suppress(ConfigError):
                reader(environ)
            asked |= environ.asked
    return asked | set(COMPOSED.findall((ROOT / "docker-compose.yml").read_text("utf-8")))


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    """Default by name, as the document has it; a dash for none."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text("utf-8")
    return {row["name"]: row["default"].strip("`") for row in ROW.finditer(text)}


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """Value by name, as .env.example has it."""
    text = (ROOT / ".env.example").read_text("utf-8")
    return {line["name"]: line["value"].strip() for line in LINE.finditer(text)}


def test_every_setting_is_in_the_table(table: dict[str, str], read: set[str]) -> None:
    """And nothing is that nobody reads."""
    assert sorted(table) == sorted(read)


def test_every_setting_is_in_the_example(example: dict[str, str], read: set[str]) -> None:
    """And nothing is that nobody reads."""
    assert sorted(example) == sorted(read)


def test_both_name_the_same_defaults(table: dict[str, str], example: dict[str, str]) -> None:
    """An empty one is a dash in the table."""
    assert {name: value or "-" for name, value in example.items()} == table


def test_the_defaults_are_those_of_the_code(example: dict[str, str]) -> None:
    """Setting all of them changes nothing."""
    settings = {name: value for name, value in example.items() if value} | {"JWT_SECRET_KEY": JWT_SECRET}
    for reader in READERS:
        assert repr(reader(settings)) == repr(reader({"JWT_SECRET_KEY": JWT_SECRET}))
