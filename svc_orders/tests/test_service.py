"""Orders are stored, shown to their owners and ended once."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from mesh.v1.paging_pb2 import PageRequest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.client import Target
from mesh.testing import channel_as, rpc_failure

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = orders_pb2_grpc.OrdersStub


def code_and_message(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str]:
    """Return status code and sentence of a call that fails."""
    failure = rpc_failure(call, request)
    return failure.code, failure.message


def code_and_reason(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str]:
    """Return status code and reason of a call that fails."""
    failure = rpc_failure(call, request)
    return failure.code, failure.reason


def create_request(user: int, book: int, **fields: Any) -> pb.CreateOrderRequest:
    """Return a request to store an order as given."""
    defaults = {
        "price": "24.90",
        "quantity": 2,
        "status": pb.ORDER_STATUS_PENDING,
        "title": "T",
        "authors": "A",
        "url": "/u",
    }
    return pb.CreateOrderRequest(**{"user_id": user, "book_id": book, **defaults, **fields})


def test_an_order_is_stored_as_given(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """Price and texts are those of the request; a pending order gets an event, one that ended does not."""
    order = orders.CreateOrder(create_request(user, book)).order
    assert (order.price, order.quantity, order.title, order.status) == ("24.90", 2, "T", pb.ORDER_STATUS_PENDING)
    assert count(file_database, "Outbox") == 1
    done = orders.CreateOrder(create_request(user, book, status=pb.ORDER_STATUS_COMPLETED)).order
    assert done.status == pb.ORDER_STATUS_COMPLETED
    assert count(file_database, "Outbox") == 1


def test_an_order_stored_as_given_is_checked(orders: Stub, user: int, book: int) -> None:
    """It needs existing users and books and valid fields, and a user has one pending order per book."""
    orders.CreateOrder(create_request(user, book))
    assert code_and_message(orders.CreateOrder, create_request(user, book))[0] is CODE.ALREADY_EXISTS
    for status in (pb.ORDER_STATUS_PENDING, pb.ORDER_STATUS_FAILED):
        for unknown in (999, 2**31, 2**63 - 1):
            assert (
                code_and_message(orders.CreateOrder, create_request(unknown, book, status=status))[0] is CODE.NOT_FOUND
            )
            assert (
                code_and_message(orders.CreateOrder, create_request(user, unknown, status=status))[0] is CODE.NOT_FOUND
            )
    for invalid in ({"price": "1.999"}, {"price": ""}, {"quantity": 0}, {"status": 0}, {"status": 9}, {"title": "\0"}):
        assert (
            code_and_message(orders.CreateOrder, create_request(user, book, **invalid))[0] is CODE.INVALID_ARGUMENT
        ), invalid


def test_an_order_is_shown_to_its_owner_and_to_services(orders: Stub, user: int, book: int) -> None:
    """Another viewer is refused; without a viewer the caller asks for itself."""
    order = orders.CreateOrder(create_request(user, book)).order
    for viewer in (None, user):
        assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id, viewer_id=viewer)).order == order
    assert code_and_message(orders.GetOrder, pb.GetOrderRequest(order_id=order.order_id, viewer_id=user + 1)) == (
        CODE.PERMISSION_DENIED,
        "Forbidden. Order does not belong to this user.",
    )


def test_a_users_orders_are_shown_to_them_and_to_services(orders: Stub, user: int, book: int) -> None:
    """Viewers see only their own lists; without a viewer the caller asks for itself."""
    orders.CreateOrder(create_request(user, book))
    for viewer in (None, user):
        listed = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, viewer_id=viewer)).orders
        pending = orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book, viewer_id=viewer)).order
        assert list(listed) == [pending]
    calls: list[tuple[Callable[[Any], Any], object]] = [
        (orders.ListUserOrders, pb.ListUserOrdersRequest(user_id=user, viewer_id=user + 1)),
        (orders.FindPending, pb.FindPendingRequest(user_id=user, book_id=book, viewer_id=user + 1)),
    ]
    for call, request in calls:
        assert code_and_message(call, request) == (
            CODE.PERMISSION_DENIED,
            "Forbidden. You can only see your own orders.",
        )


def test_a_caller_that_acts_for_users_must_name_the_viewer(orders: Stub, target: Target, user: int, book: int) -> None:
    """Without `viewer_id` the gateway sees nothing; with it the gateway sees what the viewer may see."""
    order = orders.CreateOrder(create_request(user, book)).order
    requests: list[tuple[str, Any, dict[str, int]]] = [
        ("GetOrder", pb.GetOrderRequest, {"order_id": order.order_id}),
        ("ListUserOrders", pb.ListUserOrdersRequest, {"user_id": user}),
        ("FindPending", pb.FindPendingRequest, {"user_id": user, "book_id": book}),
    ]
    with channel_as("gateway", target) as channel:
        for rpc, request, fields in requests:
            call = getattr(Stub(channel), rpc)
            assert code_and_reason(call, request(**fields)) == (CODE.PERMISSION_DENIED, "VIEWER_REQUIRED")
            assert code_and_reason(call, request(**fields, viewer_id=user + 1)) == (CODE.PERMISSION_DENIED, "NOT_OWNER")
            call(request(**fields, viewer_id=user))


def test_an_unknown_order_is_not_found(orders: Stub, as_worker: Stub) -> None:
    """It cannot be ended either; an id below one is invalid."""
    for unknown in (999, 2**63 - 1):
        assert code_and_message(orders.GetOrder, pb.GetOrderRequest(order_id=unknown)) == (
            CODE.NOT_FOUND,
            "Order not found.",
        )
    request = pb.SetStatusRequest(order_id=999, status=pb.ORDER_STATUS_FAILED)
    assert code_and_message(as_worker.SetStatus, request) == (CODE.NOT_FOUND, "Order not found.")
    assert code_and_message(orders.GetOrder, pb.GetOrderRequest())[0] is CODE.INVALID_ARGUMENT


def test_a_users_orders_come_in_pages_the_newest_first(orders: Stub, file_database: Database) -> None:
    """Page and size have defaults, page tokens lead to the next page, and a page after the last one is empty."""
    user, other, book = add_user(file_database), add_user(file_database), add_book(file_database)
    ids = [add_order(file_database, user, book) for _ in range(6)][::-1]
    add_order(file_database, other, book)

    def listed(**fields: Any) -> tuple[list[int], tuple[int, int, int]]:
        response = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, paging=PageRequest(**fields)))
        paging = response.paging
        tokens.append(paging.next_page_token)
        return [order.order_id for order in response.orders], (paging.page, paging.page_size, paging.total_size)

    tokens: list[str] = []
    assert listed() == listed(page=1) == (ids[:4], (1, 4, 6))
    assert listed(page=2) == listed(page_token=tokens[0]) == (ids[4:], (2, 4, 6))
    assert tokens[-1] == ""
    assert listed(page_size=5) == (ids[:5], (1, 5, 6))
    assert listed(page=3, page_size=2) == (ids[4:], (3, 2, 6))
    assert listed(page=2**31 - 1, page_size=100) == ([], (2**31 - 1, 100, 6))
    request = pb.ListUserOrdersRequest(user_id=other, paging=PageRequest(page_token=tokens[0]))
    assert code_and_message(orders.ListUserOrders, request)[0] is CODE.INVALID_ARGUMENT


def test_the_newest_five_hundred_are_listed_without_a_page(orders: Stub, file_database: Database) -> None:
    """The response names no page; a user without orders has an empty list."""
    user, book = add_user(file_database), add_book(file_database)
    execute(
        file_database,
        "INSERT INTO Orders (book_id, user_id, price, quantity, status, title, authors, url, order_date)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 510)"
        " SELECT :book, :user, '1.00', 1, 'completed', 't', 'a', 'u', '2025-08-12 22:19:44.000000' FROM n",
        book=book,
        user=user,
    )
    response = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, newest=500))
    assert [order.order_id for order in response.orders] == list(range(510, 10, -1))
    assert not response.HasField("paging")
    assert not orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user + 1, newest=500)).orders


@pytest.mark.parametrize(
    "fields",
    [
        {"paging": PageRequest(page=0)},
        {"paging": PageRequest(page_size=0)},
        {"paging": PageRequest(page_size=101)},
        {"newest": 0},
        {"newest": 501},
        {"user_id": 0},
    ],
)
def test_a_list_out_of_range_is_refused(refusing_orders: Stub, fields: dict[str, Any]) -> None:
    """Page, size and user are at least one, and a size is at most a hundred."""
    request = pb.ListUserOrdersRequest(**{"user_id": 1, **fields})
    assert code_and_message(refusing_orders.ListUserOrders, request)[0] is CODE.INVALID_ARGUMENT


def test_a_pending_order_is_found_until_it_ends(orders: Stub, as_worker: Stub, user: int, book: int) -> None:
    """It is found by its user and its book together, and no longer after it ended."""
    order = orders.CreateOrder(create_request(user, book)).order
    find_pending = orders.FindPending
    assert find_pending(pb.FindPendingRequest(user_id=user, book_id=book)).order == order
    assert not find_pending(pb.FindPendingRequest(user_id=user, book_id=book + 1)).HasField("order")
    assert not find_pending(pb.FindPendingRequest(user_id=user + 1, book_id=book)).HasField("order")
    as_worker.SetStatus(pb.SetStatusRequest(order_id=order.order_id, status=pb.ORDER_STATUS_COMPLETED))
    assert not find_pending(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")


@pytest.mark.parametrize(
    ("end", "other"),
    [
        (pb.ORDER_STATUS_COMPLETED, pb.ORDER_STATUS_FAILED),
        (pb.ORDER_STATUS_FAILED, pb.ORDER_STATUS_COMPLETED),
    ],
)
def test_an_order_ends_once(
    orders: Stub,
    as_worker: Stub,
    user: int,
    book: int,
    end: "pb.OrderStatus.ValueType",
    other: "pb.OrderStatus.ValueType",
) -> None:
    """The same status again is accepted, another one is refused, and neither changes the order."""
    order = orders.CreateOrder(create_request(user, book)).order
    for _ in range(2):
        ended = as_worker.SetStatus(pb.SetStatusRequest(order_id=order.order_id, status=end)).order
        assert ended.status == end
    request = pb.SetStatusRequest(order_id=order.order_id, status=other)
    assert code_and_message(as_worker.SetStatus, request)[0] is CODE.FAILED_PRECONDITION
    assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id)).order.status == end


def test_many_orders_end_together(orders: Stub, as_worker: Stub, user: int, book: int, file_database: Database) -> None:
    """All orders change or none: one unknown order, or one with another final status, fails the batch."""
    first, second = (
        orders.CreateOrder(create_request(user, of)).order.order_id for of in (book, add_book(file_database))
    )
    done, failed = pb.ORDER_STATUS_COMPLETED, pb.ORDER_STATUS_FAILED

    def request(statuses: dict[int, "pb.OrderStatus.ValueType"]) -> pb.BatchSetStatusRequest:
        requests = [pb.SetStatusRequest(order_id=order, status=status) for order, status in statuses.items()]
        return pb.BatchSetStatusRequest(requests=requests)

    set_statuses = as_worker.BatchSetStatus
    assert code_and_message(set_statuses, request({first: done, 999: done})) == (CODE.NOT_FOUND, "Order not found.")
    assert orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")
    for _ in range(2):
        set_statuses(request({first: done, second: failed}))
    assert code_and_message(set_statuses, request({first: failed, second: failed}))[0] is CODE.FAILED_PRECONDITION
    statuses = [orders.GetOrder(pb.GetOrderRequest(order_id=order)).order.status for order in (first, second)]
    assert statuses == [done, failed]
    assert not orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")
    assert code_and_message(set_statuses, request({}))[0] is CODE.INVALID_ARGUMENT
    assert code_and_message(set_statuses, request(dict.fromkeys(range(1, 102), done)))[0] is CODE.INVALID_ARGUMENT


@pytest.mark.parametrize("status", [0, 1, 4, -1])
def test_only_a_final_status_can_be_set(refusing_worker_orders: Stub, status: Any) -> None:
    """Pending, unspecified and unknown statuses are refused."""
    result = code_and_message(refusing_worker_orders.SetStatus, pb.SetStatusRequest(order_id=1, status=status))
    assert result == (CODE.INVALID_ARGUMENT, "status must be completed or failed.")


@pytest.mark.parametrize("caller", ["gateway", "tester", "books", "users"])
@pytest.mark.parametrize("method", ["SetStatus", "BatchSetStatus", "LeaseEvents", "AckEvents"])
def test_only_the_worker_ends_orders(refusing_target: Target, caller: str, method: str) -> None:
    """Other callers get PERMISSION_DENIED, before the request is validated."""
    with channel_as(caller, refusing_target) as channel:
        stub = Stub(channel)
        calls: dict[str, tuple[Any, Any]] = {
            "SetStatus": (stub.SetStatus, pb.SetStatusRequest()),
            "BatchSetStatus": (stub.BatchSetStatus, pb.BatchSetStatusRequest()),
            "LeaseEvents": (stub.LeaseEvents, pb.LeaseEventsRequest()),
            "AckEvents": (stub.AckEvents, pb.AckEventsRequest()),
        }
        assert code_and_message(*calls[method])[0] is CODE.PERMISSION_DENIED
