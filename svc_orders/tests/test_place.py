"""Placing an order: at the catalogue's price, with its event, once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from sqlalchemy import text

from database.engine import Database
from database.tests.rows import add_book, add_user, count, execute, make_broken
from mesh.client import Failure, parse_failure
from svc_orders.outbox import Bell
from svc_orders.tests.conftest import Clock, FakeBooks

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = orders_pb2_grpc.OrdersStub


def refused(call: Callable[..., Any], request: object, **options: Any) -> Failure:
    """How a call fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(request, **options)
    return parse_failure(raised.value)


def asked(user: int, book: int, key: str | None = None, **fields: Any) -> pb.PlaceOrderRequest:
    """A request for one copy."""
    return pb.PlaceOrderRequest(**{"user_id": user, "book_id": book, "quantity": 1, "idempotency_key": key, **fields})


def test_an_order_is_placed_at_the_catalogues_price(orders: Stub, user: int, book: int, clock: Clock) -> None:
    """Title, authors, url and price are the catalogue's own; the order is pending and dated."""
    answer = orders.PlaceOrder(asked(user, book, quantity=2, expected_price="10.99"))
    order = answer.order
    assert not answer.replayed
    assert (order.user_id, order.book_id, order.quantity, order.price) == (user, book, 2, "10.99")
    assert (order.title, order.authors, order.url) == ("Dune", "Frank Herbert", "/images/books/9780441013593.svg")
    assert (order.status, order.create_time.ToDatetime(clock.now.tzinfo)) == (pb.ORDER_STATUS_PENDING, clock.now)
    assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id)).order == order


def test_the_event_is_the_order_as_json(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The outbox has one row, with the message of the contract and the id of the request that placed it."""
    order = orders.PlaceOrder(asked(user, book), metadata=(("x-request-id", "id-1"),)).order
    with file_database.read() as connection:
        row = connection.execute(text("SELECT * FROM Outbox")).one()
    payload = json.loads(row.payload)
    assert (row.order_id, row.request_id, row.attempts) == (order.order_id, "id-1", 0)
    assert (payload["order_id"], payload["price"], payload["status"]) == (order.order_id, 10.99, "pending")
    assert payload["order_date"] == "Tue, 12 Aug 2025 22:19:44 GMT"


def test_an_order_that_is_committed_rings_the_bell(orders: Stub, user: int, book: int, bell: Bell) -> None:
    """Whoever waits for events is woken at once; a refused order wakes nobody."""
    refused(orders.PlaceOrder, asked(user, book, quantity=6))
    assert bell.count == 0
    orders.PlaceOrder(asked(user, book))
    assert bell.count == 1


@pytest.mark.parametrize("table", ["Outbox", "IdempotencyKeys"])
def test_an_order_without_its_event_or_its_key_is_no_order(
    orders: Stub, user: int, book: int, file_database: Database, table: str
) -> None:
    """All three are one transaction: when one cannot be written there is none, and the next try works."""
    make_broken(file_database, table)
    assert refused(orders.PlaceOrder, asked(user, book, "k")).code in {CODE.INTERNAL, CODE.NOT_FOUND}
    assert [count(file_database, each) for each in ("Orders", "Outbox", "IdempotencyKeys")] == [0, 0, 0]
    execute(file_database, "DROP TRIGGER broken")
    assert orders.PlaceOrder(asked(user, book, "k")).order.order_id


def test_a_changed_price_creates_nothing(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The buyer is told the new price, and nothing is stored."""
    told = refused(orders.PlaceOrder, asked(user, book, expected_price="9.99"))
    assert (told.code, told.reason, told.metadata) == (CODE.FAILED_PRECONDITION, "PRICE_CHANGED", {"price": "10.99"})
    assert told.message == "The price has changed."
    assert count(file_database, "Orders") == 0


def test_more_than_the_stock_creates_nothing(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """The sentence says how many are left."""
    told = refused(orders.PlaceOrder, asked(user, book, quantity=6))
    assert (told.code, told.reason) == (CODE.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert told.message == "Only 5 left in stock."
    assert count(file_database, "Orders") == 0


def test_a_second_order_while_the_first_is_pending_is_refused_with_the_first(
    orders: Stub, as_worker: Stub, user: int, book: int
) -> None:
    """The order in the way is attached; once it ended, the next one is welcome."""
    first = orders.PlaceOrder(asked(user, book)).order
    told = refused(orders.PlaceOrder, asked(user, book, quantity=2))
    assert (told.code, told.reason) == (CODE.ALREADY_EXISTS, "ORDER_PENDING")
    assert told.message == "An order for this book is already being processed."
    assert told.detail(pb.Order) == first
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order_id, status=pb.ORDER_STATUS_FAILED))
    assert orders.PlaceOrder(asked(user, book)).order.order_id != first.order_id


def test_others_may_order_the_same_book(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """One pending order is the limit of a user and a book, of neither alone."""
    other_user, other_book = add_user(file_database), add_book(file_database)
    orders.PlaceOrder(asked(user, book))
    orders.PlaceOrder(asked(other_user, book))
    assert refused(orders.PlaceOrder, asked(user, other_book)).code is CODE.NOT_FOUND
    assert count(file_database, "Orders", "status = 'pending'") == 2


@pytest.mark.parametrize(("user_id", "book_id", "sentence"), [
    (None, 999, "Book was not found."),
    (999, None, "User or book was not found."),
])  # fmt: skip
def test_an_unknown_user_or_book_is_not_found(
    orders: Stub, user: int, book: int, user_id: int | None, book_id: int | None, sentence: str
) -> None:
    """Nobody orders for a user who does not exist, nor a book that is not there."""
    told = refused(orders.PlaceOrder, asked(user_id or user, book_id or book))
    assert (told.code, told.message) == (CODE.NOT_FOUND, sentence)


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        (CODE.UNAVAILABLE, CODE.UNAVAILABLE),
        (CODE.DEADLINE_EXCEEDED, CODE.DEADLINE_EXCEEDED),
        (CODE.INTERNAL, CODE.INTERNAL),
    ],
)
def test_without_books_nothing_is_ordered(
    orders: Stub, user: int, book: int, books: FakeBooks, failing: grpc.StatusCode, code: grpc.StatusCode
) -> None:
    """A catalogue that cannot be asked is told as what it is, and the order can be placed when it is back."""
    books.failing = failing
    assert refused(orders.PlaceOrder, asked(user, book)).code is code
    books.failing = None
    assert orders.PlaceOrder(asked(user, book)).order.order_id


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
def test_bad_input_names_its_fields(
    orders: Stub, user: int, book: int, fields: dict[str, Any], named: dict[str, str | None]
) -> None:
    """Each bad field has its sentence, and the next good call works."""
    told = refused(orders.PlaceOrder, asked(user, book, **fields))
    assert told.code is CODE.INVALID_ARGUMENT
    assert told.fields.keys() == named.keys()
    assert all(told.fields[field] == sentence for field, sentence in named.items() if sentence)
    assert orders.PlaceOrder(asked(user, book)).order.order_id


def test_the_same_key_answers_the_same_order(
    orders: Stub, as_worker: Stub, user: int, book: int, books: FakeBooks, file_database: Database
) -> None:
    """The first answer again, though the order has ended, the price has changed and the catalogue is away."""
    first = orders.PlaceOrder(asked(user, book, "k", expected_price="10.99"))
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order.order_id, status=pb.ORDER_STATUS_COMPLETED))
    books.add(book, price="99.00", quantity=0)
    books.failing = CODE.UNAVAILABLE
    again = orders.PlaceOrder(asked(user, book, "k", expected_price="10.99"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.order == first.order
    assert count(file_database, "Orders") == 1


@pytest.mark.parametrize("other", [{"quantity": 2}, {"expected_price": "10.99"}])
def test_the_same_key_with_another_request_is_refused(
    orders: Stub, user: int, book: int, other: dict[str, Any]
) -> None:
    """A key stands for one request; another quantity or price under it is a mistake of the client."""
    orders.PlaceOrder(asked(user, book, "k"))
    told = refused(orders.PlaceOrder, asked(user, book, "k", **other))
    assert (told.code, told.reason) == (CODE.FAILED_PRECONDITION, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_its_users_own(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """Two users who happen to choose the same key place an order each."""
    other = add_user(file_database)
    one, two = (orders.PlaceOrder(asked(each, book, "k")) for each in (user, other))
    assert one.order.order_id != two.order.order_id
    assert not two.replayed


def test_a_key_is_forgotten_after_a_day(
    orders: Stub, as_worker: Stub, user: int, book: int, clock: Clock, file_database: Database
) -> None:
    """It answers just before, and is free afterwards, for another request too."""
    first = orders.PlaceOrder(asked(user, book, "k")).order
    as_worker.SetStatus(pb.SetStatusRequest(order_id=first.order_id, status=pb.ORDER_STATUS_COMPLETED))
    clock.move(hours=24, microseconds=-1)
    assert orders.PlaceOrder(asked(user, book, "k")).replayed
    clock.move(microseconds=1)
    again = orders.PlaceOrder(asked(user, book, "k", quantity=3))
    assert (again.replayed, again.order.order_id != first.order_id) == (False, True)
    assert count(file_database, "IdempotencyKeys") == 1


def test_a_refused_request_does_not_use_its_key_up(orders: Stub, user: int, book: int, books: FakeBooks) -> None:
    """After OUT_OF_STOCK the same key may be sent again, and places the order when there is stock."""
    books.add(book, quantity=0)
    assert refused(orders.PlaceOrder, asked(user, book, "k")).reason == "OUT_OF_STOCK"
    books.add(book, quantity=1)
    assert not orders.PlaceOrder(asked(user, book, "k")).replayed


def test_the_same_key_sixteen_times_at_once_is_one_order(
    orders: Stub, user: int, book: int, file_database: Database
) -> None:
    """A double click, or a retry that overtakes: one order, and everybody gets it."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: orders.PlaceOrder(asked(user, book, "k")), range(16)))
    assert len({answer.order.order_id for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert [count(file_database, each) for each in ("Orders", "Outbox", "IdempotencyKeys")] == [1, 1, 1]


def test_no_key_sixteen_times_at_once_is_one_pending_order(
    orders: Stub, user: int, book: int, file_database: Database
) -> None:
    """Without a key the others are told which order is in the way."""

    def place(_: int) -> int:
        try:
            return orders.PlaceOrder(asked(user, book)).order.order_id
        except grpc.RpcError as error:
            standing = parse_failure(error).detail(pb.Order)
            assert standing is not None
            return standing.order_id

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(place, range(16)))) == 1
    assert count(file_database, "Orders") == 1
