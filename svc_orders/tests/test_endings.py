"""The status of an order and the stock agree, whichever caller ends the order."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc

from database.engine import Database
from database.tests.rows import add_book, count, execute
from mesh.testing import rpc_failure
from svc_orders.outbox.event_signal import EventSignal
from svc_orders.tests.conftest import FakeBooks

pytestmark = pytest.mark.integration

COMPLETED, FAILED = pb.ORDER_STATUS_COMPLETED, pb.ORDER_STATUS_FAILED
Stub = orders_pb2_grpc.OrdersStub


@pytest.fixture
def order(orders: Stub, user: int, book: int, file_database: Database) -> Iterator[int]:
    """Return a pending order of two copies whose event was published."""
    request = pb.PlaceOrderRequest(user_id=user, book_id=book, quantity=2)
    order_id = orders.PlaceOrder(request).order.order_id
    publish_events(file_database)
    yield order_id
    assert count(file_database, "Outbox") == 1


def publish_events(database: Database) -> None:
    """Mark all events as published."""
    execute(database, "UPDATE Outbox SET published_at = lease_until")


def is_waiting(database: Database) -> bool:
    """Return whether the event is to be delivered."""
    return bool(count(database, "Outbox", "published_at IS NULL AND lease_token IS NULL AND resent = 1"))


def end(as_worker: Stub, order_id: int, status: "pb.OrderStatus.ValueType", **fields: Any) -> pb.Order:
    """End an order."""
    return as_worker.SetStatus(pb.SetStatusRequest(order_id=order_id, status=status, **fields)).order


def test_an_order_is_completed_with_its_copies(
    as_worker: Stub, order: int, book: int, books: FakeBooks, file_database: Database
) -> None:
    """The copies are taken first, once; the event is not delivered again."""
    for _ in range(2):
        assert end(as_worker, order, COMPLETED).status == COMPLETED
    assert books.taken == [(order, book, 2)]
    assert not is_waiting(file_database)


def test_an_order_without_copies_cannot_be_completed(as_worker: Stub, order: int, book: int, books: FakeBooks) -> None:
    """It fails, as when the worker finds too few copies; the error states the status."""
    books.add(book, quantity=1)
    for _ in range(2):
        failure = rpc_failure(as_worker.SetStatus, pb.SetStatusRequest(order_id=order, status=COMPLETED))
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ORDER_ENDED")
        assert failure.metadata == {"status": "failed"}
    assert books.taken == []


def test_an_order_stays_pending_while_books_is_away(
    orders: Stub, as_worker: Stub, order: int, books: FakeBooks
) -> None:
    """The call fails, and can be repeated."""
    books.failing = grpc.StatusCode.UNAVAILABLE
    failure = rpc_failure(as_worker.SetStatus, pb.SetStatusRequest(order_id=order, status=COMPLETED))
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert orders.GetOrder(pb.GetOrderRequest(order_id=order)).order.status == pb.ORDER_STATUS_PENDING
    books.failing = None
    assert end(as_worker, order, COMPLETED).status == COMPLETED


def test_the_event_of_a_failed_order_is_delivered_again(
    as_worker: Stub, order: int, file_database: Database, signal: EventSignal
) -> None:
    """It is delivered until the worker has reported that the order has no copies; failing it twice sends it once."""
    last_count = signal.count
    end(as_worker, order, FAILED)
    assert (is_waiting(file_database), count(file_database, "PendingReturns")) == (True, 1)
    assert signal.count > last_count
    publish_events(file_database)
    end(as_worker, order, FAILED)
    assert (is_waiting(file_database), count(file_database, "PendingReturns")) == (False, 1)
    end(as_worker, order, FAILED, stock_settled=True)
    assert (is_waiting(file_database), count(file_database, "PendingReturns")) == (False, 0)


def test_a_failed_event_that_is_leased_is_delivered_again(as_worker: Stub, order: int, file_database: Database) -> None:
    """The worker that has the event may have read the order as pending; its settlement is ignored."""
    lease = "UPDATE Outbox SET published_at = NULL, lease_token = 'old', lease_until = '2100-01-01 00:00:00.000000'"
    execute(file_database, lease)
    end(as_worker, order, FAILED)
    assert is_waiting(file_database)


def test_the_workers_own_failure_is_not_delivered_again(as_worker: Stub, order: int, file_database: Database) -> None:
    """The worker has asked the books service already, which refused the copies."""
    end(as_worker, order, FAILED, stock_settled=True)
    assert (is_waiting(file_database), count(file_database, "PendingReturns")) == (False, 0)


def test_a_batch_takes_copies_and_reopens_events_too(
    orders: Stub, as_worker: Stub, user: int, order: int, books: FakeBooks, file_database: Database
) -> None:
    """BatchSetStatus does the same as SetStatus for each order."""
    others = [add_book(file_database) for _ in range(2)]
    for each in others:
        books.add(each)
    completed, settled = (
        orders.PlaceOrder(pb.PlaceOrderRequest(user_id=user, book_id=each, quantity=1)).order.order_id
        for each in others
    )
    publish_events(file_database)
    requests = [
        pb.SetStatusRequest(order_id=order, status=FAILED),
        pb.SetStatusRequest(order_id=completed, status=COMPLETED),
        pb.SetStatusRequest(order_id=settled, status=COMPLETED, stock_settled=True),
    ]
    for _ in range(2):
        as_worker.BatchSetStatus(pb.BatchSetStatusRequest(requests=requests))
    assert books.taken == [(completed, others[0], 1)]
    assert (is_waiting(file_database), count(file_database, "PendingReturns")) == (True, 1)
    execute(file_database, "DELETE FROM PendingReturns")
    execute(file_database, "DELETE FROM Outbox WHERE order_id <> :id", id=order)


def test_several_orders_are_read_together(orders: Stub, as_worker: Stub, order: int) -> None:
    """Unknown ids are left out, repeated ones count once."""
    found = as_worker.BatchGetOrders(pb.BatchGetOrdersRequest(order_ids=[999, order, order, 2**63 - 1])).orders
    stored = orders.GetOrder(pb.GetOrderRequest(order_id=order)).order
    assert list(found) == [pb.Order(order_id=order, book_id=stored.book_id, quantity=2, status=stored.status)]
    for ids in ([], [0], range(1, 102)):
        failure = rpc_failure(as_worker.BatchGetOrders, pb.BatchGetOrdersRequest(order_ids=ids))
        assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
