"""An order is placed once, at the price of the catalogue and together with its event."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import add_book, add_user, count, execute, make_broken
from mesh.client import parse_failure
from mesh.testing import Clock, rpc_failure
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.tests.conftest import FakeBooks

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = orders_pb2_grpc.OrdersStub


def place_request(user: int, book: int, key: str | None = None, **fields: Any) -> pb.PlaceOrderRequest:
    """Return a request for one copy."""
    return pb.PlaceOrderRequest(**{"user_id": user, "book_id": book, "quantity": 1, "idempotency_key": key, **fields})


def test_an_order_is_placed_at_the_catalogues_price(orders: Stub, user: int, book: int, clock: Clock) -> None:
    """Title, authors, url and price come from the catalogue; the order is pending and has a date."""
    response = orders.PlaceOrder(place_request(user, book, quantity=2, expected_price="10.99"))
    order = response.order
    assert not response.replayed
    assert (order.user_id, order.book_id, order.quantity, order.price) == (user, book, 2, "10.99")
    assert (order.title, order.authors, order.url) == ("Dune", "Frank Herbert", "/images/books/9780441013593.svg")
    assert (order.status, order.create_time.ToDatetime(clock.now.tzinfo)) == (pb.ORDER_STATUS_PENDING, clock.now)
    assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id)).order == order


def test_the_event_is_the_order_as_json(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The outbox has one row with the message of the contract and the id of the request that placed the order."""
    order = orders.PlaceOrder(place_request(user, book), metadata=(("x-request-id", "id-1"),)).order
    with file_database.read() as connection:
        row = connection.execute(text("SELECT * FROM Outbox")).one()
    payload = json.loads(row.payload)
    assert (row.order_id, row.request_id, row.attempts) == (order.order_id, "id-1", 0)
    assert (payload["order_id"], payload["price"], payload["status"]) == (order.order_id, 10.99, "pending")
    assert payload["order_date"] == "Tue, 12 Aug 2025 22:19:44 GMT"


def test_a_committed_order_notifies_the_signal(orders: Stub, user: int, book: int, signal: EventSignal) -> None:
    """Threads that wait for events wake at once; a refused order wakes none."""
    rpc_failure(orders.PlaceOrder, place_request(user, book, quantity=6))
    assert signal.count == 0
    orders.PlaceOrder(place_request(user, book))
    assert signal.count == 1


@pytest.mark.parametrize("table", ["Outbox", "IdempotencyKeys"])
def test_an_order_is_not_stored_without_its_event_and_its_key(
    orders: Stub, user: int, book: int, file_database: Database, table: str
) -> None:
    """All three are one transaction: when one cannot be written, none is, and the next attempt succeeds."""
    make_broken(file_database, table)
    assert rpc_failure(orders.PlaceOrder, place_request(user, book, "k")).code in {CODE.INTERNAL, CODE.NOT_FOUND}
    assert [count(file_database, each) for each in ("Orders", "Outbox", "IdempotencyKeys")] == [0, 0, 0]
    execute(file_database, "DROP TRIGGER broken")
    assert orders.PlaceOrder(place_request(user, book, "k")).order.order_id


def test_a_changed_price_creates_nothing(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The error contains the new price."""
    failure = rpc_failure(orders.PlaceOrder, place_request(user, book, expected_price="9.99"))
    assert (failure.code, failure.reason, failure.metadata) == (
        CODE.FAILED_PRECONDITION,
        "PRICE_CHANGED",
        {"price": "10.99"},
    )
    assert failure.message == "The price has changed."
    assert count(file_database, "Orders") == 0


def test_more_than_the_stock_creates_nothing(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The sentence contains the number of copies that are left."""
    failure = rpc_failure(orders.PlaceOrder, place_request(user, book, quantity=6))
    assert (failure.code, failure.reason) == (CODE.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert failure.message == "Only 5 left in stock."
    assert count(file_database, "Orders") == 0


def test_a_second_order_while_the_first_is_pending_is_refused_with_the_first(
    orders: Stub, as_worker: Stub, user: int, book: int
) -> None:
    """The pending order is attached to the error; after it ended, the next one is accepted."""
    first = orders.PlaceOrder(place_request(user, book)).order
    failure = rpc_failure(orders.PlaceOrder, place_request(user, book, quantity=2))
    assert (failure.code, failure.reason) == (CODE.ALREADY_EXISTS, "ORDER_PENDING")
    assert failure.message == "An order for this book is already being processed."
    assert failure.detail(pb.Order) == first
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order_id, status=pb.ORDER_STATUS_FAILED))
    assert orders.PlaceOrder(place_request(user, book)).order.order_id != first.order_id


def test_the_limit_applies_to_a_user_and_a_book_together(
    orders: Stub, user: int, book: int, file_database: Database
) -> None:
    """Other users may have a pending order for the same book."""
    other_user, other_book = add_user(file_database), add_book(file_database)
    orders.PlaceOrder(place_request(user, book))
    orders.PlaceOrder(place_request(other_user, book))
    assert rpc_failure(orders.PlaceOrder, place_request(user, other_book)).code is CODE.NOT_FOUND
    assert count(file_database, "Orders", "status = 'pending'") == 2


@pytest.mark.parametrize(("user_id", "book_id", "sentence"), [
    (None, 999, "Book was not found."),
    (999, None, "User or book was not found."),
])  # fmt: skip
def test_an_unknown_user_or_book_is_not_found(
    orders: Stub, user: int, book: int, user_id: int | None, book_id: int | None, sentence: str
) -> None:
    """An order needs an existing user and an existing book."""
    failure = rpc_failure(orders.PlaceOrder, place_request(user_id or user, book_id or book))
    assert (failure.code, failure.message) == (CODE.NOT_FOUND, sentence)


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        (CODE.UNAVAILABLE, CODE.UNAVAILABLE),
        (CODE.DEADLINE_EXCEEDED, CODE.DEADLINE_EXCEEDED),
        (CODE.INTERNAL, CODE.INTERNAL),
    ],
)
def test_a_failure_of_the_books_service_creates_nothing(
    orders: Stub, user: int, book: int, books: FakeBooks, failing: grpc.StatusCode, code: grpc.StatusCode
) -> None:
    """The status code is passed on, and the order can be placed when the books service is back."""
    books.failing = failing
    assert rpc_failure(orders.PlaceOrder, place_request(user, book)).code is code
    books.failing = None
    assert orders.PlaceOrder(place_request(user, book)).order.order_id


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"quantity": 0}, {"quantity": "quantity must be a whole number of 1 or more."}),
        ({"quantity": -(2**31)}, {"quantity": "quantity must be a whole number of 1 or more."}),
        ({"expected_price": "abc"}, {"expected_price": None}),
        ({"idempotency_key": ""}, {"idempotency_key": "Idempotency-Key must be 1 to 255 printable ASCII characters."}),
        ({"idempotency_key": "x" * 256}, {"idempotency_key": None}),
        ({"idempotency_key": "a\nb"}, {"idempotency_key": None}),
        ({"user_id": 0, "book_id": -1}, {"user_id": None, "book_id": None}),
    ],
)
def test_an_invalid_request_names_its_fields(
    orders: Stub, user: int, book: int, fields: dict[str, Any], named: dict[str, str | None]
) -> None:
    """Each invalid field has its sentence, and the next valid call succeeds."""
    failure = rpc_failure(orders.PlaceOrder, place_request(user, book, **fields))
    assert failure.code is CODE.INVALID_ARGUMENT
    assert failure.fields.keys() == named.keys()
    assert all(failure.fields[field] == sentence for field, sentence in named.items() if sentence)
    assert orders.PlaceOrder(place_request(user, book)).order.order_id


def test_the_same_key_returns_the_same_order(
    orders: Stub, as_worker: Stub, user: int, book: int, books: FakeBooks, file_database: Database
) -> None:
    """The first response is repeated, although the order ended, the price changed and the books service is down."""
    first = orders.PlaceOrder(place_request(user, book, "k", expected_price="10.99"))
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order.order_id, status=pb.ORDER_STATUS_COMPLETED))
    books.add(book, price="99.00", quantity=0)
    books.failing = CODE.UNAVAILABLE
    second = orders.PlaceOrder(place_request(user, book, "k", expected_price="10.99"))
    assert (first.replayed, second.replayed) == (False, True)
    assert second.order == first.order
    assert count(file_database, "Orders") == 1


@pytest.mark.parametrize("other", [{"quantity": 2}, {"expected_price": "10.99"}])
def test_the_same_key_with_another_request_is_refused(
    orders: Stub, user: int, book: int, other: dict[str, Any]
) -> None:
    """A key belongs to one request, so another quantity or price with it is an error of the client."""
    orders.PlaceOrder(place_request(user, book, "k"))
    failure = rpc_failure(orders.PlaceOrder, place_request(user, book, "k", **other))
    assert (failure.code, failure.reason) == (CODE.FAILED_PRECONDITION, "IDEMPOTENCY_KEY_REUSED")


def test_keys_of_different_users_are_independent(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """Two users with the same key place one order each."""
    other = add_user(file_database)
    one, two = (orders.PlaceOrder(place_request(each, book, "k")) for each in (user, other))
    assert one.order.order_id != two.order.order_id
    assert not two.replayed


def test_a_key_expires_after_a_day(
    orders: Stub, as_worker: Stub, user: int, book: int, clock: Clock, file_database: Database
) -> None:
    """It returns the order until then, and can be used for another request afterwards."""
    first = orders.PlaceOrder(place_request(user, book, "k")).order
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order_id, status=pb.ORDER_STATUS_COMPLETED))
    clock.advance(timedelta(hours=24, microseconds=-1))
    assert orders.PlaceOrder(place_request(user, book, "k")).replayed
    clock.advance(timedelta(microseconds=1))
    second = orders.PlaceOrder(place_request(user, book, "k", quantity=3))
    assert (second.replayed, second.order.order_id != first.order_id) == (False, True)
    assert count(file_database, "IdempotencyKeys") == 1


def test_a_refused_request_does_not_use_its_key(orders: Stub, user: int, book: int, books: FakeBooks) -> None:
    """After OUT_OF_STOCK, the same key places the order once there is stock."""
    books.add(book, quantity=0)
    assert rpc_failure(orders.PlaceOrder, place_request(user, book, "k")).reason == "OUT_OF_STOCK"
    books.add(book, quantity=1)
    assert not orders.PlaceOrder(place_request(user, book, "k")).replayed


def test_sixteen_concurrent_requests_with_a_key_place_one_order(
    orders: Stub, user: int, book: int, file_database: Database
) -> None:
    """All of them return the same order, and only one of them reports that it is new."""
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda _: orders.PlaceOrder(place_request(user, book, "k")), range(16)))
    assert len({response.order.order_id for response in responses}) == 1
    assert [response.replayed for response in responses].count(False) == 1
    assert [count(file_database, each) for each in ("Orders", "Outbox", "IdempotencyKeys")] == [1, 1, 1]


def test_sixteen_concurrent_requests_without_a_key_place_one_order(
    orders: Stub, user: int, book: int, file_database: Database
) -> None:
    """The other requests fail with the pending order."""

    def place(_: int) -> int:
        try:
            return orders.PlaceOrder(place_request(user, book)).order.order_id
        except grpc.RpcError as error:
            pending = parse_failure(error).detail(pb.Order)
            assert pending is not None
            return pending.order_id

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(place, range(16)))) == 1
    assert count(file_database, "Orders") == 1
