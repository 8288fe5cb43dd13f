"""Ports 5003 and 5005 serve their routes as the REST contract defines them."""

from typing import Any

import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from flask.testing import FlaskClient
from mesh.v1.paging_pb2 import PageRequest, PageResponse

from gateway.tests.fakes import ORDER, ORDER_JSON, Services, bearer, service_bearer
from mesh.errors import AlreadyExists, FailedPrecondition, MeshError, NotFound, PermissionDenied

pytestmark = pytest.mark.unit

NEW = {
    "book_id": 1, "user_id": 7, "price": "24.90", "quantity": 2, "status": "pending", "title": "Emma",
    "authors": "Jane Austen", "url": "/images/books/1.svg",
}  # fmt: skip
PAGE = PageResponse(page=2, page_size=4, total_size=8)


def test_a_service_stores_an_order(client: FlaskClient, services: Services) -> None:
    """The response is 201 with the order, and the gateway forwards the token of the caller."""
    headers = service_bearer("orders")
    response = client.post("/orders", json=NEW, headers=headers)
    assert (response.status_code, response.json) == (201, {"code": 201, "data": ORDER_JSON})
    expected = pb.CreateOrderRequest(**{**NEW, "status": pb.ORDER_STATUS_PENDING})  # type: ignore[arg-type]
    assert services.create_order.requests == [expected]
    assert services.create_order.metadata == [(("authorization", headers["Authorization"]),)]


@pytest.mark.parametrize(
    ("error", "status", "data"),
    [
        (NotFound("User or book was not found.", "USER_OR_BOOK_NOT_FOUND"), 404, None),
        (AlreadyExists("It is being processed.", "ORDER_PENDING", details=[ORDER]), 409, ORDER_JSON),
        (PermissionDenied("orders may not call CreateOrder.", "CALLER_NOT_ALLOWED"), 403, None),
    ],
)
def test_storing_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int, data: object
) -> None:
    """The response has the pending order as `data`, if there is one."""
    services.create_order.fail_with(error)
    response = client.post("/orders", json=NEW, headers=service_bearer("orders"))
    expected = {"code": status, "message": error.message} | ({"data": data} if data else {})
    assert (response.status_code, response.json) == (status, expected)


def test_a_service_ends_an_order(client: FlaskClient, services: Services) -> None:
    """The status is text in REST and a number in the gRPC contract."""
    response = client.put("/orders/5", json={"status": "completed"}, headers=service_bearer("orders"))
    assert (response.status_code, response.json) == (200, {"code": 200, "data": ORDER_JSON})
    assert services.set_status.requests == [pb.SetStatusRequest(order_id=5, status=pb.ORDER_STATUS_COMPLETED)]


def test_an_ended_order_keeps_its_status(client: FlaskClient, services: Services) -> None:
    """The response is 409 with the message of the service."""
    services.set_status.fail_with(FailedPrecondition("Order 5 has already ended as failed.", "ORDER_ENDED"))
    response = client.put("/orders/5", json={"status": "completed"}, headers=service_bearer("orders"))
    assert response.json == {"code": 409, "message": "Order 5 has already ended as failed."}


@pytest.mark.parametrize("status", ["done", "COMPLETED", "", 1, True, ["completed"]])
def test_an_unknown_status_is_refused(client: FlaskClient, services: Services, status: object) -> None:
    """The response is 400 and names the field and the three statuses."""
    response = client.put("/orders/5", json={"status": status}, headers=service_bearer("orders"))
    assert response.status_code == 400
    assert (response.json or {})["message"] == "status must be one of pending, completed or failed."
    assert not services.set_status.requests


@pytest.mark.parametrize("path", ["/orders/0", f"/orders/{2**63}"])
def test_an_impossible_order_is_not_found(client: FlaskClient, path: str) -> None:
    """Users and services get the route's own message."""
    for headers in (bearer(), service_bearer("orders")):
        assert client.get(path, headers=headers).json == {"code": 404, "message": "Order not found."}


def test_an_owner_sees_an_order(client: FlaskClient, services: Services) -> None:
    """The request has the id of the user, so that the service can check the owner."""
    response = client.get("/orders/5", headers=bearer())
    assert (response.status_code, response.json) == (200, {"code": 200, "data": ORDER_JSON})
    assert services.get_order.requests == [pb.GetOrderRequest(order_id=5, viewer_id=7)]
    assert services.get_order.metadata == [()]


def test_another_users_order_looks_like_a_missing_one(client: FlaskClient, services: Services) -> None:
    """403 would disclose that it exists."""
    services.get_order.fail_with(PermissionDenied("Forbidden. Order does not belong to this user.", "NOT_OWNER"))
    assert client.get("/orders/5", headers=bearer()).json == {"code": 404, "message": "Order not found."}


def test_a_service_sees_every_order(client: FlaskClient, services: Services) -> None:
    """The request has the token of the caller and no viewer."""
    headers = service_bearer("orders")
    assert client.get("/orders/5", headers=headers).status_code == 200
    assert services.get_order.requests == [pb.GetOrderRequest(order_id=5)]
    assert services.get_order.metadata == [(("authorization", headers["Authorization"]),)]


@pytest.mark.parametrize("path", ["/orders/user/7", "/myorders"])
def test_a_list_without_a_page_has_no_pagination(client: FlaskClient, services: Services, path: str) -> None:
    """The service limits the list to the newest 500."""
    response = client.get(path, headers=bearer())
    assert (response.status_code, response.json) == (200, {"code": 200, "data": [ORDER_JSON]})
    assert services.list_orders.requests == [pb.ListUserOrdersRequest(user_id=7, viewer_id=7, newest=500)]


@pytest.mark.parametrize("path", ["/orders/user/7", "/myorders"])
def test_a_list_with_a_page_has_pagination(client: FlaskClient, services: Services, path: str) -> None:
    """`page` alone or `limit` alone also requests a page."""
    services.list_orders.response = pb.ListUserOrdersResponse(orders=[ORDER], paging=PAGE)
    response = client.get(f"{path}?page=2", headers=bearer())
    pagination = {"page": 2, "limit": 4, "total": 8, "has_more": False}
    assert response.json == {"code": 200, "data": [ORDER_JSON], "pagination": pagination}
    assert services.list_orders.requests == [
        pb.ListUserOrdersRequest(user_id=7, viewer_id=7, paging=PageRequest(page=2))
    ]


@pytest.mark.parametrize("path", ["/orders/user/8", "/orders/user/8/book/1"])
def test_orders_of_other_users_are_forbidden(client: FlaskClient, services: Services, path: str) -> None:
    """The service gets the id of the user, and no viewer when the caller is a service; its 403 reaches the client."""
    forbidden = PermissionDenied("Forbidden. You can only see your own orders.", "NOT_OWNER")
    for rpc in (services.list_orders, services.find_pending):
        rpc.fail_with(forbidden)
    assert client.get(path, headers=bearer()).json == {"code": 403, "message": forbidden.message}
    client.get(path, headers=service_bearer("orders"))
    (called,) = {rpc for rpc in (services.list_orders, services.find_pending) if rpc.requests}
    assert [(each.user_id, each.HasField("viewer_id"), each.viewer_id) for each in called.requests] == [
        (8, True, 7),
        (8, False, 0),
    ]


@pytest.mark.parametrize("path", ["/orders/user/7/book/1", "/pendingorder/1"])
def test_a_pending_order_is_returned(client: FlaskClient, services: Services, path: str) -> None:
    """The response has the order, or no `data`."""
    assert client.get(path, headers=bearer()).json == {"code": 200, "hasPending": True, "data": ORDER_JSON}
    services.find_pending.response = pb.FindPendingResponse()
    assert client.get(path, headers=bearer()).json == {"code": 200, "hasPending": False}
    assert services.find_pending.requests[0] == pb.FindPendingRequest(user_id=7, book_id=1, viewer_id=7)


@pytest.mark.parametrize("path", ["/orders/user/0", "/orders/user/7/book/0", f"/orders/user/{2**64}"])
def test_impossible_users_and_books_are_not_found(client: FlaskClient, path: str) -> None:
    """A number outside the range of the gRPC contract is not sent."""
    response = client.get(path, headers=service_bearer("orders"))
    assert response.json == {"code": 404, "message": "User or book was not found."}


@pytest.mark.parametrize(
    ("method", "path", "json"), [("POST", "/orders", NEW), ("PUT", "/orders/5", {"status": "failed"})]
)
@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "Missing Authorization header"),
        (bearer(), 403, "This route requires a service token."),
        (service_bearer("books"), 401, "Invalid token"),
        (bearer(exp=1000, iat=100), 401, "Token has expired"),
    ],
)
def test_writing_is_for_services(
    client: FlaskClient, method: str, path: str, json: Any, headers: dict[str, str], status: int, message: str
) -> None:
    """Other callers are refused."""
    response = client.open(path, method=method, json=json, headers=headers)
    assert (response.status_code, response.json) == (status, {"code": status, "message": message})
