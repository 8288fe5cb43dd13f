"""An accepted order is never lost, doubled or oversold when the broker or the database is killed."""

from pathlib import Path

import pytest

from tests.chaos.faults import order_during_faults
from tests.chaos.servers import running_shop

pytestmark = pytest.mark.integration


def test_faults_only_delay_orders(tmp_path: Path) -> None:
    """Each server is killed 3 times during 300 orders; `python -m tests.chaos` kills it 20 times during 2,000."""
    with running_shop(tmp_path) as (product, broker, database):
        report = order_during_faults(product, broker, database, faults=3, orders=300)
    assert (report.lost, report.double, report.oversold, report.pending) == (0, 0, 0, 0), report
    assert (report.faults, report.accepted + report.refused) == (6, 300)
    assert report.completed + report.failed == report.accepted
    assert report.completed > 0
