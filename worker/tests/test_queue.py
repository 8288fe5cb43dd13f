"""What a message needs to be an order's, and what is none."""

import orjson
import pytest

from mesh.broker.messages import Message
from worker.queue import ORDERS, Malformed, read

pytestmark = pytest.mark.unit

LEAST = {"order_id": 7, "book_id": 3, "quantity": 2}


def test_three_numbers_are_enough() -> None:
    """Whoever publishes needs to know no more than the order, its book and how many."""
    event = read(Message(orjson.dumps(LEAST)))
    assert not isinstance(event, Malformed)
    assert (event.order_id, event.book_id, event.quantity) == (7, 3, 2)
    assert (event.event_id, event.request_id, event.attempt) == ("", "", 0)


def test_what_is_said_about_a_message_goes_with_its_event() -> None:
    """Its id, the request that it comes from and how often it came back; more keys do not matter."""
    headers = {"x-request-id": "r", "x-attempt": 4}
    event = read(Message(orjson.dumps({**LEAST, "title": "Émile", "price": 24.90}), "id-1", headers))
    assert not isinstance(event, Malformed)
    assert (event.event_id, event.request_id, event.attempt) == ("id-1", "r", 4)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-request-id": 5, "x-attempt": "4"},
        {"x-request-id": "id\nforged", "x-attempt": -1},
        {"x-request-id": "é", "x-attempt": 2**40},
        {"x-request-id": "x" * 65},
    ],
)
def test_headers_of_another_kind_do_not_matter(headers: dict[str, object]) -> None:
    """They are read as if they were not there."""
    event = read(Message(orjson.dumps(LEAST), headers=headers))
    assert not isinstance(event, Malformed)
    assert (event.request_id, event.attempt) == ("", 0)


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff", b"{", b'{"order_id": NaN}'])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    """The reason says so, and repeats nothing of the message."""
    assert read(Message(body)) == Malformed("The message is not JSON.")


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"order"'])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    """Even when it is JSON."""
    assert read(Message(body)) == Malformed("The message is not a JSON object.")


@pytest.mark.parametrize("value", ["null", "0", "-1", "1.0", '"1"', "true", "[1]", str(2**63), "1e300"])
@pytest.mark.parametrize("name", LEAST)
def test_a_number_out_of_range_is_malformed(name: str, value: str) -> None:
    """The reason names the field."""
    fields = ", ".join(f'"{key}": {value if key == name else 1}' for key in LEAST)
    found = read(Message(f"{{{fields}}}".encode()))
    assert isinstance(found, Malformed)
    assert found.reason.startswith(f"{name} must be a whole number from 1 to ")


@pytest.mark.parametrize("name", LEAST)
def test_a_number_that_is_missing_is_malformed(name: str) -> None:
    """Like one out of range."""
    found = read(Message(orjson.dumps({key: 1 for key in LEAST if key != name})))
    assert isinstance(found, Malformed)
    assert found.reason.startswith(f"{name} must be")


def test_the_names_are_the_contracts() -> None:
    """Other clients know them, too."""
    assert (ORDERS.exchange, ORDERS.queue, ORDERS.routing_key) == ("orders", "order_queue", "order.new")
    assert (ORDERS.dead_exchange, ORDERS.dead_queue) == ("orders.dlx", "order_queue.dead")
    assert (ORDERS.retry_exchange, ORDERS.retry_key(0)) == ("orders.retry", "order.new")
