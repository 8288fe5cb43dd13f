"""The Orders service's other methods: stored, shown to whom they belong, and ended once."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from bookstore.orders.v1 import orders_pb2_grpc
from mesh.v1.paging_pb2 import PageRequest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, count, execute
from mesh.client import Target, parse_failure
from mesh.testing import channel_as, rpc_failure

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = orders_pb2_grpc.OrdersStub


def code(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str]:
    """Status code and sentence of a call that fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(request)
    told = parse_failure(raised.value)
    return told.code, told.message


def failure(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str]:
    """Return status code and reason of a call that fails."""
    failed = rpc_failure(call, request)
    return failed.code, failed.reason


def given(user: int, book: int, **fields: Any) -> pb.CreateOrderRequest:
    """An order that somebody priced by themselves."""
    good = {
        "price": "24.90",
        "quantity": 2,
        "status": pb.ORDER_STATUS_PENDING,
        "title": "T",
        "authors": "A",
        "url": "/u",
    }
    return pb.CreateOrderRequest(**{"user_id": user, "book_id": book, **good, **fields})


def test_an_order_is_stored_as_given(orders: Stub, user: int, book: int, file_database: Database) -> None:
    """Price and texts are not the catalogue's; a pending order has its event, one that ended has none."""
    order = orders.CreateOrder(given(user, book)).order
    assert (order.price, order.quantity, order.title, order.status) == ("24.90", 2, "T", pb.ORDER_STATUS_PENDING)
    assert count(file_database, "Outbox") == 1
    done = orders.CreateOrder(given(user, book, status=pb.ORDER_STATUS_COMPLETED)).order
    assert done.status == pb.ORDER_STATUS_COMPLETED
    assert count(file_database, "Outbox") == 1


def test_a_given_order_is_checked_like_any_other(orders: Stub, user: int, book: int) -> None:
    """One pending order a user and book, existing users and books only, and every field in range."""
    orders.CreateOrder(given(user, book))
    assert code(orders.CreateOrder, given(user, book))[0] is CODE.ALREADY_EXISTS
    for status in (pb.ORDER_STATUS_PENDING, pb.ORDER_STATUS_FAILED):
        for unknown in (999, 2**31, 2**63 - 1):
            assert code(orders.CreateOrder, given(unknown, book, status=status))[0] is CODE.NOT_FOUND
            assert code(orders.CreateOrder, given(user, unknown, status=status))[0] is CODE.NOT_FOUND
    for bad in ({"price": "1.999"}, {"price": ""}, {"quantity": 0}, {"status": 0}, {"status": 9}, {"title": "\0"}):
        assert code(orders.CreateOrder, given(user, book, **bad))[0] is CODE.INVALID_ARGUMENT, bad


def test_an_order_is_shown_to_its_owner_and_to_services(orders: Stub, user: int, book: int) -> None:
    """A viewer who does not own it is told so; without a viewer the caller itself asks."""
    order = orders.CreateOrder(given(user, book)).order
    for viewer in (None, user):
        assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id, viewer_id=viewer)).order == order
    assert code(orders.GetOrder, pb.GetOrderRequest(order_id=order.order_id, viewer_id=user + 1)) == (
        CODE.PERMISSION_DENIED,
        "Forbidden. Order does not belong to this user.",
    )


def test_a_users_orders_are_shown_to_them_and_to_services(orders: Stub, user: int, book: int) -> None:
    """A viewer sees their own lists only; without a viewer the caller itself asks."""
    orders.CreateOrder(given(user, book))
    for viewer in (None, user):
        listed = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, viewer_id=viewer)).orders
        found = orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book, viewer_id=viewer)).order
        assert list(listed) == [found]
    calls: list[tuple[Callable[[Any], Any], object]] = [
        (orders.ListUserOrders, pb.ListUserOrdersRequest(user_id=user, viewer_id=user + 1)),
        (orders.FindPending, pb.FindPendingRequest(user_id=user, book_id=book, viewer_id=user + 1)),
    ]
    for call, request in calls:
        assert code(call, request) == (CODE.PERMISSION_DENIED, "Forbidden. You can only see your own orders.")


def test_a_caller_that_acts_for_users_must_name_the_viewer(orders: Stub, target: Target, user: int, book: int) -> None:
    """A forgotten `viewer_id` shows nothing to the gateway; with one it sees what the viewer may see."""
    order = orders.CreateOrder(given(user, book)).order
    requests: list[tuple[str, Any, dict[str, int]]] = [
        ("GetOrder", pb.GetOrderRequest, {"order_id": order.order_id}),
        ("ListUserOrders", pb.ListUserOrdersRequest, {"user_id": user}),
        ("FindPending", pb.FindPendingRequest, {"user_id": user, "book_id": book}),
    ]
    with channel_as("gateway", target) as channel:
        for rpc, request, fields in requests:
            call = getattr(Stub(channel), rpc)
            assert failure(call, request(**fields)) == (CODE.PERMISSION_DENIED, "VIEWER_REQUIRED")
            assert failure(call, request(**fields, viewer_id=user + 1)) == (CODE.PERMISSION_DENIED, "NOT_OWNER")
            call(request(**fields, viewer_id=user))


def test_an_unknown_order_is_not_found(orders: Stub, as_worker: Stub) -> None:
    """Nor can it be ended; an id below one is bad input."""
    for unknown in (999, 2**63 - 1):
        assert code(orders.GetOrder, pb.GetOrderRequest(order_id=unknown)) == (CODE.NOT_FOUND, "Order not found.")
    request = pb.SetStatusRequest(order_id=999, status=pb.ORDER_STATUS_FAILED)
    assert code(as_worker.SetStatus, request) == (CODE.NOT_FOUND, "Order not found.")
    assert code(orders.GetOrder, pb.GetOrderRequest())[0] is CODE.INVALID_ARGUMENT


def test_a_users_orders_come_in_pages_the_newest_first(orders: Stub, file_database: Database) -> None:
    """Half a page asked for gets the other half's default; beyond the last page is nothing."""
    user, other, book = add_user(file_database), add_user(file_database), add_book(file_database)
    ids = [add_order(file_database, user, book) for _ in range(6)][::-1]
    add_order(file_database, other, book)

    def listed(**fields: Any) -> tuple[list[int], tuple[int, int, int]]:
        answer = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, paging=PageRequest(**fields)))
        paging = answer.paging
        tokens.append(paging.next_page_token)
        return [order.order_id for order in answer.orders], (paging.page, paging.page_size, paging.total_size)

    tokens: list[str] = []
    assert listed() == listed(page=1) == (ids[:4], (1, 4, 6))
    assert listed(page=2) == listed(page_token=tokens[0]) == (ids[4:], (2, 4, 6))
    assert tokens[-1] == ""
    assert listed(page_size=5) == (ids[:5], (1, 5, 6))
    assert listed(page=3, page_size=2) == (ids[4:], (3, 2, 6))
    assert listed(page=2**31 - 1, page_size=100) == ([], (2**31 - 1, 100, 6))
    request = pb.ListUserOrdersRequest(user_id=other, paging=PageRequest(page_token=tokens[0]))
    assert code(orders.ListUserOrders, request)[0] is CODE.INVALID_ARGUMENT


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
    answer = orders.ListUserOrders(pb.ListUserOrdersRequest(user_id=user, newest=500))
    assert [order.order_id for order in answer.orders] == list(range(510, 10, -1))
    assert not answer.HasField("paging")
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
def test_a_list_out_of_range_is_bad_input(orders: Stub, fields: dict[str, Any]) -> None:
    """Neither page nor limit nor user below one, and no page above a hundred."""
    request = pb.ListUserOrdersRequest(**{"user_id": 1, **fields})
    assert code(orders.ListUserOrders, request)[0] is CODE.INVALID_ARGUMENT


def test_a_pending_order_is_found_until_it_ends(orders: Stub, as_worker: Stub, user: int, book: int) -> None:
    """Found by user and book, not by either with another, and gone with its end."""
    order = orders.CreateOrder(given(user, book)).order
    find = orders.FindPending
    assert find(pb.FindPendingRequest(user_id=user, book_id=book)).order == order
    assert not find(pb.FindPendingRequest(user_id=user, book_id=book + 1)).HasField("order")
    assert not find(pb.FindPendingRequest(user_id=user + 1, book_id=book)).HasField("order")
    as_worker.SetStatus(pb.SetStatusRequest(order_id=order.order_id, status=pb.ORDER_STATUS_COMPLETED))
    assert not find(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")


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
    """The same end again is OK, the other one is refused, and neither changes anything more."""
    order = orders.CreateOrder(given(user, book)).order
    for _ in range(2):
        ended = as_worker.SetStatus(pb.SetStatusRequest(order_id=order.order_id, status=end)).order
        assert ended.status == end
    request = pb.SetStatusRequest(order_id=order.order_id, status=other)
    assert code(as_worker.SetStatus, request)[0] is CODE.FAILED_PRECONDITION
    assert orders.GetOrder(pb.GetOrderRequest(order_id=order.order_id)).order.status == end


def test_many_orders_end_together(orders: Stub, as_worker: Stub, user: int, book: int, file_database: Database) -> None:
    """Each as asked for, however often; all or none: an unknown one and one that ended otherwise hold up the others."""
    first, second = (orders.CreateOrder(given(user, of)).order.order_id for of in (book, add_book(file_database)))
    done, failed = pb.ORDER_STATUS_COMPLETED, pb.ORDER_STATUS_FAILED

    def asked(ends: dict[int, "pb.OrderStatus.ValueType"]) -> pb.BatchSetStatusRequest:
        requests = [pb.SetStatusRequest(order_id=order, status=status) for order, status in ends.items()]
        return pb.BatchSetStatusRequest(requests=requests)

    end = as_worker.BatchSetStatus
    assert code(end, asked({first: done, 999: done})) == (CODE.NOT_FOUND, "Order not found.")
    assert orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")
    for _ in range(2):
        end(asked({first: done, second: failed}))
    assert code(end, asked({first: failed, second: failed}))[0] is CODE.FAILED_PRECONDITION
    statuses = [orders.GetOrder(pb.GetOrderRequest(order_id=order)).order.status for order in (first, second)]
    assert statuses == [done, failed]
    assert not orders.FindPending(pb.FindPendingRequest(user_id=user, book_id=book)).HasField("order")
    assert code(end, asked({}))[0] is CODE.INVALID_ARGUMENT
    assert code(end, asked(dict.fromkeys(range(1, 102), done)))[0] is CODE.INVALID_ARGUMENT


@pytest.mark.parametrize("status", [0, 1, 4, -1])
def test_an_order_cannot_be_set_to_anything_but_an_end(as_worker: Stub, status: Any) -> None:
    """Pending, nothing and numbers unknown are no ends."""
    told = code(as_worker.SetStatus, pb.SetStatusRequest(order_id=1, status=status))
    assert told == (CODE.INVALID_ARGUMENT, "status must be completed or failed.")


@pytest.mark.parametrize("caller", ["gateway", "tester", "books", "users"])
@pytest.mark.parametrize("method", ["SetStatus", "BatchSetStatus", "LeaseEvents", "AckEvents"])
def test_only_the_worker_ends_orders(target: Target, caller: str, method: str) -> None:
    """PERMISSION_DENIED to everybody else, before the request is looked at."""
    with channel_as(caller, target) as channel:
        stub = Stub(channel)
        calls: dict[str, tuple[Any, Any]] = {
            "SetStatus": (stub.SetStatus, pb.SetStatusRequest()),
            "BatchSetStatus": (stub.BatchSetStatus, pb.BatchSetStatusRequest()),
            "LeaseEvents": (stub.LeaseEvents, pb.LeaseEventsRequest()),
            "AckEvents": (stub.AckEvents, pb.AckEventsRequest()),
        }
        assert code(*calls[method])[0] is CODE.PERMISSION_DENIED
