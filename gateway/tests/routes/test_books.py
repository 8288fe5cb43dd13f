"""Port 5002 serves its routes as the REST contract defines them."""

import pytest
from bookstore.books.v1 import books_pb2 as pb
from flask.testing import FlaskClient
from mesh.v1.paging_pb2 import PageRequest

from gateway.tests.fakes import BOOK_JSON, Services, bearer, service_bearer
from mesh.errors import FailedPrecondition, InvalidArgument, MeshError, NotFound, PermissionDenied, Unauthenticated

pytestmark = pytest.mark.unit

BEYOND = 2**63


def test_a_book_has_exactly_the_keys_of_the_contract(client: FlaskClient) -> None:
    """The price keeps the digits of the decimal."""
    response = client.get("/books/1")
    assert (response.status_code, response.json) == (200, {"code": 200, "data": BOOK_JSON})
    assert b'"price":24.90,' in response.data


def test_an_unknown_book_is_not_found(client: FlaskClient, services: Services) -> None:
    """The message is the one of the service."""
    services.get_book.fail_with(NotFound("Book was not found.", "BOOK_NOT_FOUND"))
    assert client.get("/books/99").json == {"code": 404, "message": "Book was not found."}


@pytest.mark.parametrize("book_id", [0, BEYOND, "00", "9" * 5000])
def test_impossible_ids_are_not_found(client: FlaskClient, services: Services, book_id: object) -> None:
    """The response has the route's own message, and the service is not called."""
    response = client.get(f"/books/{book_id}")
    assert (response.status_code, response.json) == (404, {"code": 404, "message": "Book was not found."})
    assert not services.get_book.requests


@pytest.mark.parametrize("path", ["/books/abc", "/books/-1", "/books/1.0", "/books/1/", "/books/\u0661", "/Books/1"])
def test_other_paths_are_not_found(client: FlaskClient, path: str) -> None:
    """The response is a 404 in JSON, never a redirect."""
    assert client.get(path).json == {"code": 404, "message": "No resource exists at this path."}


def test_the_list_is_paged(client: FlaskClient) -> None:
    """`has_more` is true when `page * limit < total`."""
    response = client.get("/books")
    assert response.json == {
        "code": 200,
        "data": [BOOK_JSON],
        "pagination": {"page": 1, "limit": 8, "total": 9, "has_more": True},
    }


def test_filters_reach_the_service(client: FlaskClient, services: Services) -> None:
    """Each parameter becomes the field with its name and type."""
    client.get(
        "/books?genre=Classics&min_price=5&max_price=24.90&search=50%25_&in_stock=true&sort=-price&page=2&limit=3"
    )
    assert services.list_books.requests[0] == pb.ListBooksRequest(
        genre="Classics", min_price="5", max_price="24.90", search="50%_", in_stock=True,
        sort=pb.BOOK_SORT_PRICE_DESC, paging=PageRequest(page=2, page_size=3),
    )  # fmt: skip


@pytest.mark.parametrize("query", ["", "genre=&search=&min_price=&max_price=&page=&limit=&sort=&in_stock=", "utm=1"])
def test_filters_without_a_value_are_not_set(client: FlaskClient, services: Services, query: str) -> None:
    """Older clients send parameters without a value."""
    client.get(f"/books?{query}")
    assert services.list_books.requests[0] == pb.ListBooksRequest()


def test_of_repeated_parameters_the_first_wins(client: FlaskClient, services: Services) -> None:
    """A parameter that is appended to a URL does not change the one before it."""
    client.get("/books?page=2&page=3")
    assert services.list_books.requests[0].paging.page == 2


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=x", "page must be a whole number."),
        ("page=1.0", "page must be a whole number."),
        ("page=1e3", "page must be a whole number."),
        ("limit=٣", "limit must be a whole number."),
        ("limit=99999999999", "limit is out of range."),
        ("limit=" + "9" * 5000, "limit must be a whole number."),
        ("sort=stock", "sort must be one of title, -title, price, -price or newest."),
        ("in_stock=perhaps", "in_stock must be true or false."),
        ("min_price=abc", "min_price must be a number, such as 24.90."),
        ("max_price=NaN", "max_price must be a number, such as 24.90."),
        ("max_price=Infinity", "max_price must be a number, such as 24.90."),
        ("max_price=1e999999999", "max_price must be a number, such as 24.90."),
    ],
)
def test_a_malformed_parameter_is_named(client: FlaskClient, services: Services, query: str, message: str) -> None:
    """The response is 400 with one sentence, and the service is not called."""
    response = client.get(f"/books?{query}")
    assert (response.status_code, response.json and response.json["message"]) == (400, message)
    assert not services.list_books.requests


def test_the_service_refuses_a_value_out_of_range(client: FlaskClient, services: Services) -> None:
    """The response has the message and the fields of the service, by their names in REST."""
    sent = {"paging.page_size": "paging.page_size must be less than or equal to 100."}
    services.list_books.fail_with(InvalidArgument(sent["paging.page_size"], "INVALID_FIELD", fields=sent))
    fields = {"limit": "limit must be less than or equal to 100."}
    response = client.get("/books?limit=101")
    assert response.json == {"code": 400, "message": fields["limit"], "data": {"fields": fields}}


def test_genres_and_prices(client: FlaskClient) -> None:
    """The response has the range of prices next to `data`."""
    assert client.get("/genres").json == {
        "code": 200,
        "data": [{"genre": "Classics", "count": 2}],
        "price_range": {"lowest": 5.0, "highest": 24.9},
    }


def test_an_empty_catalogue_has_no_prices(client: FlaskClient, services: Services) -> None:
    """The prices are null, not zero."""
    services.list_genres.response = pb.ListGenresResponse()
    assert client.get("/genres").json == {"code": 200, "data": [], "price_range": {"lowest": None, "highest": None}}


def test_a_service_decrements_with_its_own_token(client: FlaskClient, services: Services) -> None:
    """The gateway forwards the token of the caller, and adds none of its own."""
    headers = service_bearer("books")
    response = client.put("/books/1/decrement", json={"quantity_ordered": 2}, headers=headers)
    assert response.json == {"code": 200, "data": BOOK_JSON, "message": "Quantity updated to 7."}
    assert services.remove_stock.requests[0] == pb.RemoveStockRequest(book_id=1, quantity=2)
    assert services.remove_stock.metadata == [(("authorization", headers["Authorization"]),)]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InvalidArgument("Invalid quantity provided. Must be more than 0.", "INVALID_FIELD"), 400, None),
        (NotFound("Book not found.", "BOOK_NOT_FOUND"), 404, None),
        (FailedPrecondition("New quantity should not go below 0.", "OUT_OF_STOCK"), 409, None),
        (PermissionDenied("tester may not call RemoveStock.", "CALLER_NOT_ALLOWED"), 403, None),
        (Unauthenticated("The mesh token has expired.", "TOKEN_EXPIRED"), 401, "Token has expired"),
        (Unauthenticated("The mesh token is not valid.", "TOKEN_INVALID"), 401, "Invalid token"),
    ],
)
def test_decrement_reports_the_reason_of_a_refusal(
    client: FlaskClient, services: Services, error: MeshError, status: int, message: str | None
) -> None:
    """The client gets the refusal of the service, because the call had the client's token."""
    services.remove_stock.fail_with(error)
    response = client.put("/books/1/decrement", json={"quantity_ordered": 1}, headers=service_bearer("books"))
    assert (response.status_code, response.json) == (status, {"code": status, "message": message or error.message})


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "Missing Authorization header"),
        (bearer(), 403, "This route requires a service token."),
        (bearer(type="refresh"), 401, "Invalid token type"),
        (service_bearer("orders"), 401, "Invalid token"),
    ],
)
def test_decrement_is_for_services(
    client: FlaskClient, services: Services, headers: dict[str, str], status: int, message: str
) -> None:
    """Other callers are refused before the body is read."""
    response = client.put("/books/1/decrement", data="{", headers=headers)
    assert (response.status_code, response.json) == (status, {"code": status, "message": message})
    assert not services.remove_stock.requests


def test_decrement_of_an_impossible_id(client: FlaskClient) -> None:
    """The message is the one of this route, not of `GET /books/<id>`."""
    response = client.put("/books/0/decrement", json={"quantity_ordered": 1}, headers=service_bearer("books"))
    assert response.json == {"code": 404, "message": "Book not found."}
