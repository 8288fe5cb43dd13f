"""The Books service through its stub, on a real server and a file database."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc
from mesh.v1.paging_pb2 import PageRequest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, execute
from mesh.client import Target
from mesh.testing import channel_as, rpc_failure, running
from svc_books.__main__ import service

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = books_pb2_grpc.BooksStub


@pytest.fixture
def target(seeded_file_database: Database) -> Iterator[Target]:
    """Start the service on a database with the catalogue."""
    with running(service(seeded_file_database)) as started:
        yield started


@pytest.fixture
def books(target: Target) -> Iterator[Stub]:
    """Return a stub of the gateway."""
    with channel_as("gateway", target) as channel:
        yield Stub(channel)


@pytest.fixture
def as_worker(target: Target) -> Iterator[Stub]:
    """Return a stub of the worker."""
    with channel_as("worker", target) as channel:
        yield Stub(channel)


def failure_of(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str, list[str]]:
    """Return the status code, the reason and the fields of a call that has to fail."""
    failure = rpc_failure(call, request)
    return failure.code, failure.reason, sorted(failure.fields)


def test_the_first_page_has_eight_books(books: Stub) -> None:
    """Without paging, the response is the first eight books by id; a page beyond the last one is empty."""
    response = books.ListBooks(pb.ListBooksRequest())
    assert (response.paging.page, response.paging.page_size, len(response.books)) == (1, 8, 8)
    assert response.paging.total_size >= 60
    assert [book.book_id for book in response.books] == list(range(1, 9))
    beyond = books.ListBooks(pb.ListBooksRequest(paging=PageRequest(page=1000, page_size=100)))
    assert (list(beyond.books), beyond.paging.page) == ([], 1000)
    assert (beyond.paging.total_size, beyond.paging.next_page_token) == (response.paging.total_size, "")


def test_filters_sort_and_page_reach_the_store(books: Stub) -> None:
    """Every field of the request has an effect."""
    request = pb.ListBooksRequest(
        genre="Science Fiction",
        min_price="9.00",
        max_price="20",
        search=" E ",
        in_stock=True,
        sort=pb.BOOK_SORT_PRICE_DESC,
        paging=PageRequest(page_size=100),
    )
    response = books.ListBooks(request)
    assert 0 < response.paging.total_size == len(response.books)
    prices = [float(book.price) for book in response.books]
    assert prices == sorted(prices, reverse=True)
    assert 9 <= prices[-1] <= prices[0] <= 20
    assert {book.genre for book in response.books} == {"Science Fiction"}
    assert all(book.quantity > 0 for book in response.books)


@pytest.mark.parametrize("sort", pb.BookSort.values())
def test_every_sort_of_the_contract_works(books: Stub, sort: "pb.BookSort.ValueType") -> None:
    """Every value of the enum is implemented."""
    assert len(books.ListBooks(pb.ListBooksRequest(sort=sort, paging=PageRequest(page_size=100))).books) >= 60


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.ListBooksRequest(paging=PageRequest(page=0)), ["paging.page"]),
        (pb.ListBooksRequest(paging=PageRequest(page_size=101)), ["paging.page_size"]),
        (
            pb.ListBooksRequest(paging=PageRequest(page=-1, page_size=0), min_price="x", max_price="-1"),
            ["max_price", "min_price", "paging.page", "paging.page_size"],
        ),
        (pb.ListBooksRequest(min_price="1.999"), ["min_price"]),
        (pb.ListBooksRequest(min_price="123456789"), ["min_price"]),
        (pb.ListBooksRequest(min_price="\u0661"), ["min_price"]),
        (pb.ListBooksRequest(search="x" * 201, genre="a\0"), ["genre", "search"]),
        (pb.ListBooksRequest(sort=99), ["sort"]),  # type: ignore[arg-type] # not a value of the enum
    ],
)
def test_an_invalid_list_request_names_its_fields(
    books: Stub, request_: pb.ListBooksRequest, fields: list[str]
) -> None:
    """Each invalid field is named, and the next valid call works."""
    assert failure_of(books.ListBooks, request_) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", fields)
    assert books.ListBooks(pb.ListBooksRequest()).books


def test_a_book_has_all_fields(books: Stub, seeded_file_database: Database) -> None:
    """All fields are set, and the price is a decimal string with two decimals."""
    execute(seeded_file_database, "UPDATE Books SET price = '24.90' WHERE book_id = 1")
    book = books.GetBook(pb.GetBookRequest(book_id=1)).book
    assert (book.book_id, book.title, book.authors, book.isbn) == (1, "Dune", "Frank Herbert", "9780441013593")
    assert (book.price, book.url) == ("24.90", "/images/books/9780441013593.svg")
    assert (book.format, book.publishers, book.genre) == ("Paperback", "Ace", "Science Fiction")
    assert book.description
    assert book.quantity > 0


def test_page_tokens_lead_through_the_catalogue(books: Stub) -> None:
    """Each page continues where the last one ended, in the same order, and no book is missing."""
    request = pb.ListBooksRequest(sort=pb.BOOK_SORT_PRICE, paging=PageRequest(page_size=100))
    whole = [book.book_id for book in books.ListBooks(request).books]
    request, ids, token = pb.ListBooksRequest(sort=pb.BOOK_SORT_PRICE), [], "first"
    while token:
        response = books.ListBooks(request)
        ids += [book.book_id for book in response.books]
        token = response.paging.next_page_token
        request.paging.page_token = token
    assert ids == whole


@pytest.mark.parametrize("search", ["", "dune"])
def test_a_token_of_other_filters_is_refused(books: Stub, search: str) -> None:
    """A malformed token is refused, too."""
    token = books.ListBooks(pb.ListBooksRequest()).paging.next_page_token if search else "no token"
    request = pb.ListBooksRequest(search=search, paging=PageRequest(page_token=token))
    assert failure_of(books.ListBooks, request) == (CODE.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN", [])


@pytest.mark.parametrize("book_id", [999_999, 2**63 - 1])
def test_an_unknown_book_is_not_found(books: Stub, book_id: int) -> None:
    """A very large id is unknown, too, and no internal error."""
    assert failure_of(books.GetBook, pb.GetBookRequest(book_id=book_id)) == (CODE.NOT_FOUND, "BOOK_NOT_FOUND", [])


@pytest.mark.parametrize("book_id", [0, -1])
def test_an_id_below_one_is_invalid(books: Stub, book_id: int) -> None:
    """Ids begin at one."""
    assert failure_of(books.GetBook, pb.GetBookRequest(book_id=book_id))[::2] == (CODE.INVALID_ARGUMENT, ["book_id"])


def test_several_books_are_returned_in_one_response(target: Target, books: Stub) -> None:
    """Each book is returned once and sorted by id, and unknown ids are left out."""
    with channel_as("orders", target) as channel:
        response = Stub(channel).BatchGetBooks(pb.BatchGetBooksRequest(book_ids=[3, 999_999, 1, 3, 2**63 - 1]))
        none = Stub(channel).BatchGetBooks(pb.BatchGetBooksRequest(book_ids=[999_999]))
    assert list(response.books) == [books.GetBook(pb.GetBookRequest(book_id=book_id)).book for book_id in (1, 3)]
    assert not none.books


@pytest.mark.parametrize(("ids", "field"), [([], "book_ids"), ([1] * 101, "book_ids"), ([1, 0], "book_ids[1]")])
def test_no_too_many_or_invalid_ids_are_refused(target: Target, ids: list[int], field: str) -> None:
    """A request has 1 to 100 ids, each above zero."""
    with channel_as("orders", target) as channel:
        request = pb.BatchGetBooksRequest(book_ids=ids)
        assert failure_of(Stub(channel).BatchGetBooks, request)[::2] == (CODE.INVALID_ARGUMENT, [field])


def test_genres_are_sorted_and_have_the_range_of_prices(books: Stub, seeded_file_database: Database) -> None:
    """There are at least eight genres with their numbers of books; without books there are no prices."""
    response = books.ListGenres(pb.ListGenresRequest())
    assert len(response.genres) >= 8
    assert [genre.genre for genre in response.genres] == sorted(genre.genre for genre in response.genres)
    assert sum(genre.count for genre in response.genres) == books.ListBooks(pb.ListBooksRequest()).paging.total_size
    assert float(response.lowest_price) < float(response.highest_price)
    execute(seeded_file_database, "DELETE FROM Books")
    empty = books.ListGenres(pb.ListGenresRequest())
    assert (list(empty.genres), empty.lowest_price, empty.highest_price) == ([], "", "")


@pytest.mark.parametrize("caller", ["gateway", "orders", "tester", "users"])
def test_only_the_worker_may_take_copies(target: Target, caller: str) -> None:
    """Other callers get PERMISSION_DENIED, also for an invalid request."""
    with channel_as(caller, target) as channel:
        stub = Stub(channel)
        assert failure_of(stub.Decrement, pb.DecrementRequest())[0] is CODE.PERMISSION_DENIED
        assert failure_of(stub.RemoveStock, pb.RemoveStockRequest())[0] is CODE.PERMISSION_DENIED
        assert failure_of(stub.Return, pb.ReturnRequest())[0] is CODE.PERMISSION_DENIED
        assert failure_of(stub.BatchReturn, pb.BatchReturnRequest())[0] is CODE.PERMISSION_DENIED
        batch_code = failure_of(stub.BatchDecrement, pb.BatchDecrementRequest())[0]
        # Orders takes the copies of orders that another service completes.
        assert batch_code is (CODE.INVALID_ARGUMENT if caller == "orders" else CODE.PERMISSION_DENIED)


def test_a_decrement_returns_each_outcome_and_error(
    books: Stub, as_worker: Stub, seeded_file_database: Database
) -> None:
    """It is applied or rejected, or fails for an unknown book or order, other parameters, or an invalid request."""
    book = add_book(seeded_file_database, quantity=3)
    first, second, third = (add_order(seeded_file_database, add_user(seeded_file_database), book) for _ in range(3))
    take = as_worker.Decrement

    def request_for(order: int, quantity: int, of: int = book) -> pb.DecrementRequest:
        return pb.DecrementRequest(order_id=order, book_id=of, quantity=quantity)

    assert take(request_for(first, 2)).outcome == pb.DECREMENT_OUTCOME_APPLIED
    assert take(request_for(first, 2)).outcome == pb.DECREMENT_OUTCOME_APPLIED
    assert take(request_for(second, 2)).outcome == pb.DECREMENT_OUTCOME_REJECTED
    assert failure_of(take, request_for(first, 1)) == (CODE.FAILED_PRECONDITION, "ORDER_COUNTED_DIFFERENTLY", [])
    assert failure_of(take, request_for(third, 1, of=999_999)) == (CODE.NOT_FOUND, "BOOK_NOT_FOUND", [])
    assert failure_of(take, request_for(999_999, 1)) == (CODE.NOT_FOUND, "ORDER_NOT_FOUND", [])
    assert failure_of(take, pb.DecrementRequest()) == (
        CODE.INVALID_ARGUMENT,
        "INVALID_FIELD",
        ["book_id", "order_id", "quantity"],
    )
    assert books.GetBook(pb.GetBookRequest(book_id=book)).book.quantity == 1


def test_a_batch_returns_each_outcome_and_error(as_worker: Stub, seeded_file_database: Database) -> None:
    """It returns one response per order, and fails for an unknown order, no order and too many orders."""
    book = add_book(seeded_file_database, quantity=3)
    first, second = (add_order(seeded_file_database, add_user(seeded_file_database), book) for _ in range(2))

    def request_for(*orders: int) -> pb.BatchDecrementRequest:
        requests = [pb.DecrementRequest(order_id=order, book_id=book, quantity=2) for order in orders]
        return pb.BatchDecrementRequest(requests=requests)

    take = as_worker.BatchDecrement
    outcomes = [response.outcome for response in take(request_for(first, second)).responses]
    assert outcomes == [pb.DECREMENT_OUTCOME_APPLIED, pb.DECREMENT_OUTCOME_REJECTED]
    assert failure_of(take, request_for(first, 999_999)) == (CODE.NOT_FOUND, "ORDER_NOT_FOUND", [])
    assert failure_of(take, request_for()) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests"])
    assert failure_of(take, request_for(*range(1, 102))) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests"])
    assert failure_of(take, request_for(first, 0)) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests[1].order_id"])


def test_removing_stock_returns_the_book_or_an_error(as_worker: Stub, seeded_file_database: Database) -> None:
    """It fails if too few copies are left, for an unknown book, and without a quantity."""
    book = add_book(seeded_file_database, quantity=3)
    remove = as_worker.RemoveStock
    assert remove(pb.RemoveStockRequest(book_id=book, quantity=2)).book.quantity == 1
    assert failure_of(remove, pb.RemoveStockRequest(book_id=book, quantity=2))[0] is CODE.FAILED_PRECONDITION
    assert failure_of(remove, pb.RemoveStockRequest(book_id=999_999, quantity=2))[0] is CODE.NOT_FOUND
    assert (
        rpc_failure(remove, pb.RemoveStockRequest(book_id=book)).message
        == "Invalid quantity provided. Must be more than 0."
    )
