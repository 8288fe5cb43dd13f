"""The list of REST ports is consistent."""

import re
from pathlib import Path

import pytest

from registry.rest_ports import REST_PORTS

pytestmark = pytest.mark.unit


def test_names_variables_and_ports_are_unique() -> None:
    """No two ports share a name, a variable or a default number."""
    assert len({port.name for port in REST_PORTS}) == len(REST_PORTS)
    assert len({port.variable for port in REST_PORTS}) == len(REST_PORTS)
    assert [port.default for port in REST_PORTS] == [5001, 5002, 5003, 5004, 5005]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("nginx/start.sh", r"=\$\(base (\w+) (\d+)\)"), ("vite-dev.ts", r'\["(\w+)_PORT", "(\d+)"\]')],
)
def test_the_files_of_the_shop_name_the_same_ports(file: str, pattern: str) -> None:
    """A shell script and a TypeScript file cannot import the list, so each has a copy."""
    text = (Path(__file__).parents[2] / "frontend" / file).read_text("utf-8")
    copies = [(f"{name}_PORT", int(default)) for name, default in re.findall(pattern, text)]
    assert copies == [(port.variable, port.default) for port in REST_PORTS]
