"""Every status of the gRPC contract has a name."""

import pytest
from bookstore.orders.v1 import orders_pb2

from registry.order_statuses import COMPLETED, FAILED, PENDING, STATUS_NAMES, STATUS_NUMBERS

pytestmark = pytest.mark.unit


def test_each_status_of_the_contract_has_one_name() -> None:
    """UNSPECIFIED has none, because no order has this status."""
    assert set(STATUS_NAMES) == set(orders_pb2.OrderStatus.values()) - {orders_pb2.ORDER_STATUS_UNSPECIFIED}
    assert STATUS_NAMES[orders_pb2.ORDER_STATUS_COMPLETED] == COMPLETED
    assert list(STATUS_NUMBERS) == [PENDING, COMPLETED, FAILED]
