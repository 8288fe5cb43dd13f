"""The message of a placed order has one format, and everything else is refused."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from registry.order_messages import (
    MAX_BODY_BYTES,
    ORDER_TOPOLOGY,
    MalformedMessageError,
    format_order_message,
    parse_order_message,
)  # fmt: skip

pytestmark = pytest.mark.unit

REQUIRED = {"order_id": 7, "book_id": 3, "quantity": 2}


@dataclass(frozen=True)
class Order:
    """An order, as the store returns it."""

    order_id: int = 1
    book_id: int = 2
    user_id: int = 3
    price: Decimal = Decimal("24.90")
    quantity: int = 2
    status: str = "pending"
    title: str = "Émile"
    authors: str = "J.-J. R."
    url: str = "/images/books/1.svg"
    order_date: datetime = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)


def test_the_message_is_the_order_of_the_rest_contract() -> None:
    """It has exactly the contract's keys, the price is a number with two decimals, and the date is in GMT."""
    text = format_order_message(Order())
    assert '"price":24.90' in text
    assert json.loads(text) == {
        "order_id": 1,
        "book_id": 2,
        "user_id": 3,
        "price": 24.90,
        "quantity": 2,
        "status": "pending",
        "title": "Émile",
        "authors": "J.-J. R.",
        "url": "/images/books/1.svg",
        "order_date": "Tue, 12 Aug 2025 22:19:44 GMT",
    }


def test_a_message_that_was_written_can_be_read() -> None:
    """The parser returns the order, the book and the quantity that the writer stored."""
    event = parse_order_message(format_order_message(Order()))
    assert (event.order_id, event.book_id, event.quantity) == (1, 2, 2)


def test_three_numbers_are_enough() -> None:
    """A publisher needs to know only the order, its book and the quantity."""
    event = parse_order_message(orjson.dumps(REQUIRED))
    assert (event.order_id, event.book_id, event.quantity) == (7, 3, 2)
    assert (event.event_id, event.request_id, event.attempt) == ("", "", 0)


def test_the_id_the_request_and_the_attempt_are_part_of_the_event() -> None:
    """Additional keys in the body are ignored."""
    body = orjson.dumps({**REQUIRED, "title": "Émile", "price": 24.90})
    event = parse_order_message(body, event_id="id-1", request_id="r", attempt=4)
    assert (event.event_id, event.request_id, event.attempt) == ("id-1", "r", 4)


@pytest.mark.parametrize("request_id", ["", "id\nforged", "é", "x" * 65])
def test_an_invalid_request_id_is_dropped(request_id: str) -> None:
    """Ids are written to logs, so an id that could forge a log line is treated as missing."""
    assert parse_order_message(orjson.dumps(REQUIRED), request_id=request_id).request_id == ""


def reason(body: bytes) -> str:
    """Return why a body is refused."""
    with pytest.raises(MalformedMessageError) as refused:
        parse_order_message(body)
    return str(refused.value)


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff", b"{", b'{"order_id": NaN}'])
def test_a_body_that_is_not_json_is_malformed(body: bytes) -> None:
    """The reason says so and repeats nothing of the message."""
    assert reason(body) == "The message is not JSON."


def test_a_body_that_is_too_large_is_malformed() -> None:
    """The reason names the limit; a body at the limit is accepted."""
    body = orjson.dumps(REQUIRED)
    assert parse_order_message(body.ljust(MAX_BODY_BYTES)).order_id == 7
    assert reason(body.ljust(MAX_BODY_BYTES + 1)) == "The message is larger than 131072 bytes."


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"order"'])
def test_a_body_that_is_not_an_object_is_malformed(body: bytes) -> None:
    """Other JSON values are refused."""
    assert reason(body) == "The message is not a JSON object."


@pytest.mark.parametrize("value", ["null", "0", "-1", "1.0", '"1"', "true", "[1]", str(2**63), "1e300"])
@pytest.mark.parametrize("name", REQUIRED)
def test_a_number_out_of_range_is_malformed(name: str, value: str) -> None:
    """The reason names the field."""
    fields = ", ".join(f'"{key}": {value if key == name else 1}' for key in REQUIRED)
    assert reason(f"{{{fields}}}".encode()).startswith(f"{name} must be a whole number from 1 to ")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_number_is_malformed(name: str) -> None:
    """The reason names the field."""
    assert reason(orjson.dumps({key: 1 for key in REQUIRED if key != name})).startswith(f"{name} must be")


def test_the_names_at_the_broker_are_those_of_the_rest_contract() -> None:
    """Other clients of the broker use the same names."""
    assert (ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.queue, ORDER_TOPOLOGY.routing_key) == (
        "orders",
        "order_queue",
        "order.new",
    )
    assert (ORDER_TOPOLOGY.dead_exchange, ORDER_TOPOLOGY.dead_queue) == ("orders.dlx", "order_queue.dead")
    assert (ORDER_TOPOLOGY.resent.name, ORDER_TOPOLOGY.resent_routing_key) == ("order_queue.resent", "order.resent")
    assert (ORDER_TOPOLOGY.retry_exchange, ORDER_TOPOLOGY.first.retry_key(0)) == ("orders.retry", "order.new")
