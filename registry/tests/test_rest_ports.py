"""The list of REST ports is consistent."""

import pytest

from registry.rest_ports import REST_PORTS

pytestmark = pytest.mark.unit


def test_names_variables_and_ports_are_unique() -> None:
    """No two ports share a name, a variable or a default number."""
    assert len({port.name for port in REST_PORTS}) == len(REST_PORTS)
    assert len({port.variable for port in REST_PORTS}) == len(REST_PORTS)
    assert [port.default for port in REST_PORTS] == [5001, 5002, 5003, 5004, 5005]
