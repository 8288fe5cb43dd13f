"""An order accepted is never lost, never doubled, never oversold, whatever is killed meanwhile."""

from pathlib import Path

import pytest

from tests.chaos.servers import shop
from tests.chaos.storm import weather

pytestmark = pytest.mark.integration


def test_a_storm_costs_nothing_but_time(tmp_path: Path) -> None:
    """Three kills of each server during 300 orders; `python -m tests.chaos` makes it twenty during 2,000."""
    with shop(tmp_path) as (product, broker, database):
        toll = weather(product, broker, database, faults=3, orders=300)
    assert (toll.lost, toll.double, toll.oversold, toll.pending) == (0, 0, 0, 0), toll
    assert (toll.faults, toll.accepted + toll.refused) == (6, 300)
    assert toll.completed + toll.failed == toll.accepted
    assert toll.completed > 0
