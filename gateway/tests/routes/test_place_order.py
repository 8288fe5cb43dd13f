"""Port 5004 keeps its rows of the contract."""

import pytest
from bookstore.orders.v1 import orders_pb2 as pb
from flask.testing import FlaskClient

from gateway.tests.fakes import ORDER, ORDER_JSON, Services, bearer, service_bearer
from mesh.errors import AlreadyExists, FailedPrecondition, InvalidArgument, MeshError, NotFound, PermissionDenied

pytestmark = pytest.mark.unit

BUY = {"book_id": 1, "quantity": 2}


def test_placing_answers_the_order(client: FlaskClient, services: Services) -> None:
    """201 with the id, the status and the order."""
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
def test_the_price_seen_keeps_its_digits(client: FlaskClient, services: Services, price: object, expected: str) -> None:
    """A number or, as older clients send it, a numeric string."""
    client.post("/placeorder", json={**BUY, "price": price}, headers=bearer())
    assert services.place_order.requests[0].expected_price == expected


def test_what_the_catalogue_knows_better_is_ignored(client: FlaskClient, services: Services) -> None:
    """Title, authors and url may be anything; so may unknown keys."""
    body: dict[str, object] = {**BUY, "title": 1, "authors": [], "url": {}, "user_id": 8, "price": None}
    assert client.post("/placeorder", json=body, headers=bearer()).status_code == 201
    assert services.place_order.requests == [pb.PlaceOrderRequest(user_id=7, book_id=1, quantity=2)]


def test_the_idempotency_key_reaches_the_service(client: FlaskClient, services: Services) -> None:
    """As it is; an empty one is the service's to refuse."""
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
def test_placing_says_why_not(
    client: FlaskClient, services: Services, error: MeshError, status: int, data: object
) -> None:
    """With what a program wants to know."""
    services.place_order.fail_with(error)
    response = client.post("/placeorder", json=BUY, headers=bearer())
    expected = {"code": status, "message": error.message} | ({"data": data} if data else {})
    assert (response.status_code, response.json) == (status, expected)


@pytest.mark.parametrize(("inside", "outside"), [("expected_price", "price"), ("idempotency_key", "Idempotency-Key")])
def test_fields_go_by_their_names_in_rest(client: FlaskClient, services: Services, inside: str, outside: str) -> None:
    """A client never hears of a name that it did not send."""
    sentence = f"{inside} must be better."
    services.place_order.fail_with(InvalidArgument(sentence, "INVALID_FIELD", fields={inside: sentence}))
    said = f"{outside} must be better."
    response = client.post("/placeorder", json=BUY, headers=bearer())
    assert response.json == {"code": 400, "message": said, "data": {"fields": {outside: said}}}


def test_checking_answers_the_status(client: FlaskClient, services: Services) -> None:
    """Twice, as the contract has it."""
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
def test_checking_says_why_not(client: FlaskClient, services: Services, error: MeshError, status: int) -> None:
    """The service's sentences."""
    services.get_order.fail_with(error)
    response = client.get("/checkorder/5", headers=bearer())
    assert (response.status_code, response.json) == (status, {"code": status, "message": error.message})


@pytest.mark.parametrize(
    ("path", "message"), [("/checkorder/0", "Order not found."), ("/pendingorder/0", "Book was not found.")]
)
def test_ids_that_cannot_be_are_not_found(client: FlaskClient, path: str, message: str) -> None:
    """Each row has its own sentence."""
    assert client.get(path, headers=bearer()).json == {"code": 404, "message": message}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/placeorder"), ("GET", "/checkorder/5"), ("GET", "/pendingorder/1"), ("GET", "/myorders")],
)
def test_these_rows_are_for_shoppers(client: FlaskClient, method: str, path: str) -> None:
    """Neither nobody nor a service gets through."""
    response = client.open(path, method=method, json=BUY)
    assert (response.status_code, response.json) == (401, {"code": 401, "message": "Missing Authorization header"})
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert client.open(path, method=method, json=BUY, headers=service_bearer("orders")).status_code == 401
