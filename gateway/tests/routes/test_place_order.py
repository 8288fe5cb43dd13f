"""Port 5004 serves its routes as the REST contract defines them."""

import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from flask.testing import FlaskClient

from gateway.tests.fakes import ORDER, ORDER_JSON, Services, bearer, service_bearer
from mesh.errors import AlreadyExists, FailedPrecondition, InvalidArgument, MeshError, NotFound, PermissionDenied

pytestmark = pytest.mark.unit

BUY = {"book_id": 1, "quantity": 2}


def test_placing_returns_the_order(client: FlaskClient, services: Services) -> None:
    """The response is 201 with the id, the status and the order."""
    response = client.post("/placeorder", json=BUY, headers=bearer())
    assert response.status_code == 201
    assert response.json == {"code": 201, "order_id": 5, "status": "pending", "data": ORDER_JSON}
    assert services.place_order.requests == [pb.PlaceOrderRequest(user_id=7, book_id=1, quantity=2)]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (24.9, "24.9"),
        (24, "24"),
        ("24.90", "24.90"),
        (" 24.90 ", "24.90"),
        (0.1, "0.1"),
        (1e2, "100.0"),
        (1e22, "1" + "0" * 22),
    ],
)
def test_the_price_that_the_buyer_saw_keeps_its_digits(
    client: FlaskClient, services: Services, price: object, expected: str
) -> None:
    """It is a number or, as older clients send it, a numeric string."""
    client.post("/placeorder", json={**BUY, "price": price}, headers=bearer())
    assert services.place_order.requests[0].expected_price == expected


def test_details_of_the_catalogue_are_ignored(client: FlaskClient, services: Services) -> None:
    """Title, authors, url and unknown keys may have any value."""
    body: dict[str, object] = {**BUY, "title": 1, "authors": [], "url": {}, "user_id": 8, "price": None}
    assert client.post("/placeorder", json=body, headers=bearer()).status_code == 201
    assert services.place_order.requests == [pb.PlaceOrderRequest(user_id=7, book_id=1, quantity=2)]


def test_the_idempotency_key_reaches_the_service(client: FlaskClient, services: Services) -> None:
    """The key is sent unchanged, and the service refuses an empty one."""
    for key in ("key-1", ""):
        client.post("/placeorder", json=BUY, headers={**bearer(), "Idempotency-Key": key})
    assert [
        (request.HasField("idempotency_key"), request.idempotency_key) for request in services.place_order.requests
    ] == [
        (True, "key-1"),
        (True, ""),
    ]


@pytest.mark.parametrize(
    ("error", "status", "data"),
    [
        (
            FailedPrecondition("The price has changed.", "PRICE_CHANGED", metadata={"price": "25.10"}),
            409,
            {"price": 25.1},
        ),
        (AlreadyExists("It is being processed.", "ORDER_PENDING", details=[ORDER]), 409, ORDER_JSON),
        (FailedPrecondition("Only 3 left in stock.", "OUT_OF_STOCK", metadata={"left": "3"}), 409, None),
        (FailedPrecondition("The key was used.", "IDEMPOTENCY_KEY_REUSED"), 422, None),
        (NotFound("Book was not found.", "BOOK_NOT_FOUND"), 404, None),
    ],
)
def test_placing_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int, data: object
) -> None:
    """The response has details for programs."""
    services.place_order.fail_with(error)
    response = client.post("/placeorder", json=BUY, headers=bearer())
    expected = {"code": status, "message": error.message} | ({"data": data} if data else {})
    assert (response.status_code, response.json) == (status, expected)


@pytest.mark.parametrize(("inside", "outside"), [("expected_price", "price"), ("idempotency_key", "Idempotency-Key")])
def test_fields_have_their_names_in_rest(client: FlaskClient, services: Services, inside: str, outside: str) -> None:
    """An error names a field as the client sent it."""
    sentence = f"{inside} must be better."
    services.place_order.fail_with(InvalidArgument(sentence, "INVALID_FIELD", fields={inside: sentence}))
    message = f"{outside} must be better."
    response = client.post("/placeorder", json=BUY, headers=bearer())
    assert response.json == {"code": 400, "message": message, "data": {"fields": {outside: message}}}


def test_checking_returns_the_status(client: FlaskClient, services: Services) -> None:
    """The response has the status twice, as the contract defines it."""
    services.get_order.response = pb.GetOrderResponse(order=pb.Order(order_id=5, status=pb.ORDER_STATUS_COMPLETED))
    response = client.get("/checkorder/5", headers=bearer())
    state = {"order_id": 5, "status": "completed"}
    assert (response.status_code, response.json) == (200, {"code": 200, **state, "data": state})
    assert services.get_order.requests == [pb.GetOrderRequest(order_id=5, viewer_id=7)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionDenied("Forbidden. Order does not belong to this user.", "NOT_OWNER"), 403),
        (NotFound("Order not found.", "ORDER_NOT_FOUND"), 404),
    ],
)
def test_checking_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int
) -> None:
    """The messages are those of the service."""
    services.get_order.fail_with(error)
    response = client.get("/checkorder/5", headers=bearer())
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})


@pytest.mark.parametrize(
    ("path", "message"), [("/checkorder/0", "Order not found."), ("/pendingorder/0", "Book was not found.")]
)
def test_impossible_ids_are_not_found(client: FlaskClient, path: str, message: str) -> None:
    """Each route has its own message."""
    assert client.get(path, headers=bearer()).json == {"code": 404, "message": message}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/placeorder"), ("GET", "/checkorder/5"), ("GET", "/pendingorder/1"), ("GET", "/myorders")],
)
def test_these_routes_are_for_users(client: FlaskClient, method: str, path: str) -> None:
    """Requests without a token and services are refused."""
    response = client.open(path, method=method, json=BUY)
    assert (response.status_code, response.json) == (401, {"code": 401, "message": "Missing Authorization header"})
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert client.open(path, method=method, json=BUY, headers=service_bearer("orders")).status_code == 401
