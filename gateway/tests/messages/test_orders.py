"""The messages keep what the contracts say."""

from typing import get_args

import orjson
import pytest
from bookstore.orders.v1 import orders_pb2

from gateway.messages.orders import order_message
from gateway.messages.types import money
from gateway.tests.fakes import ORDER, ORDER_JSON
from registry.order_statuses import STATUS_NAMES, STATUS_NUMBERS, OrderStatus

pytestmark = pytest.mark.unit


def test_every_status_has_a_name() -> None:
    """A status that is added to the gRPC contract needs a name in REST, and the other way around."""
    assert set(STATUS_NAMES) == set(orders_pb2.OrderStatus.values()) - {orders_pb2.ORDER_STATUS_UNSPECIFIED}
    assert set(STATUS_NUMBERS) == set(get_args(OrderStatus))


def test_money_keeps_its_digits() -> None:
    """The decimal is written as it is, without a float in between."""
    assert orjson.dumps(money("12345678901234567890.10")) == b"12345678901234567890.10"
    assert orjson.dumps(money("")) == b"null"


def test_an_order_has_the_keys_of_the_contract() -> None:
    """The message is the order as the REST contract shows it."""
    assert orjson.loads(orjson.dumps(order_message(ORDER))) == ORDER_JSON
