"""The table of settings in docs/OPERATIONS.md, .env.example, and the code that reads them know the same names."""

import re

import pytest

from tests.harness import JWT_SECRET, ROOT
from tests.settings import LOGS, READERS, names_read

pytestmark = pytest.mark.unit

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>[^|]*?) \|.*\|$", re.MULTILINE)
LINE = re.compile(r"^(?:# )?(?P<name>\w+)=(?P<value>[^#\n]*)", re.MULTILINE)
COMPOSED = re.compile(r"\$\{(?=(\w+))")


@pytest.fixture(scope="module")
def read() -> set[str]:
    """Every name that the code asks for, and every one that the compose file uses."""
    composed = set(COMPOSED.findall((ROOT / "docker-compose.yml").read_text("utf-8")))
    return LOGS.union(composed, *(names_read(part) for part in READERS))


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    """Default by name, as the document has it; a dash for none."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    return {row["name"]: row["default"].strip("`") for row in ROW.finditer(text)}


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """Value by name, as .env.example has it; each is there once."""
    lines = list(LINE.finditer((ROOT / ".env.example").read_text("utf-8")))
    found = {line["name"]: line["value"].strip() for line in lines}
    assert len(found) == len(lines)
    return found


def test_every_setting_is_in_the_table(table: dict[str, str], read: set[str]) -> None:
    """And nothing is that nobody reads."""
    assert sorted(table) == sorted(read)


def test_every_setting_is_in_the_example(example: dict[str, str], read: set[str]) -> None:
    """And nothing is that nobody reads."""
    assert sorted(example) == sorted(read)


def test_both_name_the_same_defaults(table: dict[str, str], example: dict[str, str]) -> None:
    """An empty one is a dash in the table."""
    assert {name: value or "-" for name, value in example.items()} == table


@pytest.mark.parametrize("part", READERS)
def test_the_defaults_are_those_of_the_code(part: str, example: dict[str, str]) -> None:
    """Setting all of them changes nothing."""
    settings = {name: value for name, value in example.items() if value} | {"JWT_SECRET_KEY": JWT_SECRET}
    assert repr(READERS[part](settings)) == repr(READERS[part]({"JWT_SECRET_KEY": JWT_SECRET}))
