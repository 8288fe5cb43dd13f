"""The table of settings in docs/OPERATIONS.md, .env.example and the code agree on names and defaults."""

import re

import pytest

from tests.harness import ROOT
from tests.settings import LOG_SETTINGS, READERS, SECRETS, names_read

pytestmark = pytest.mark.unit

TABLE_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>[^|]*?) \|.*\|$", re.MULTILINE)
LINE = re.compile(r"^(?:# )?(?P<name>\w+)=(?P<value>[^#\n]*)", re.MULTILINE)
VARIABLE = re.compile(r"\$\{(?=(\w+))")


@pytest.fixture(scope="module")
def used() -> set[str]:
    """The names of all settings that the code reads or the compose file uses."""
    compose_names = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text("utf-8")))
    return LOG_SETTINGS.union(compose_names, *(names_read(part) for part in READERS))


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    """Default by name in the document; a dash for none."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    return {row["name"]: row["default"].strip("`") for row in TABLE_ROW.finditer(text)}


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """Value by name in .env.example, which has each name once."""
    lines = list(LINE.finditer((ROOT / ".env.example").read_text("utf-8")))
    values = {line["name"]: line["value"].strip() for line in lines}
    assert len(values) == len(lines)
    return values


def test_every_setting_is_in_the_table(table: dict[str, str], used: set[str]) -> None:
    """The table has no setting that is not used."""
    assert sorted(table) == sorted(used)


def test_every_setting_is_in_the_example(example: dict[str, str], used: set[str]) -> None:
    """The file has no setting that is not used."""
    assert sorted(example) == sorted(used)


def test_both_name_the_same_defaults(table: dict[str, str], example: dict[str, str]) -> None:
    """An empty default is a dash in the table."""
    assert {name: value or "-" for name, value in example.items()} == table


@pytest.mark.parametrize("part", READERS)
def test_the_defaults_are_those_of_the_code(part: str, example: dict[str, str]) -> None:
    """Setting all of them to their defaults changes nothing."""
    settings = {name: value for name, value in example.items() if value} | SECRETS
    assert repr(READERS[part](settings)) == repr(READERS[part](SECRETS))
