"""The Books service as its callers see it: a real server on a file database."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc
from mesh.v1.paging_pb2 import PageRequest

from database.engine import Database
from database.tests.rows import add_book, add_order, add_user, execute
from mesh.client import Target, parse_failure
from mesh.testing import channel_as, running
from svc_books.__main__ import service

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
Stub = books_pb2_grpc.BooksStub


@pytest.fixture
def target(seeded_file_database: Database) -> Iterator[Target]:
    """The service with the catalogue."""
    with running(service(seeded_file_database)) as started:
        yield started


@pytest.fixture
def books(target: Target) -> Iterator[Stub]:
    """The service, as the gateway sees it."""
    with channel_as("gateway", target) as channel:
        yield Stub(channel)


@pytest.fixture
def as_worker(target: Target) -> Iterator[Stub]:
    """The service, as the worker sees it."""
    with channel_as("worker", target) as channel:
        yield Stub(channel)


def code(call: Callable[[Any], Any], request: object) -> tuple[grpc.StatusCode, str, list[str]]:
    """Status code and reason of a call that fails, and the fields that it names."""
    with pytest.raises(grpc.RpcError) as raised:
        call(request)
    told = parse_failure(raised.value)
    return told.code, told.reason, sorted(told.fields)


def test_the_first_page_is_eight_books_of_the_catalogue(books: Stub) -> None:
    """Nothing asked for is page 1 of 8, in the catalogue's order; the last page ends it."""
    answer = books.ListBooks(pb.ListBooksRequest())
    assert (answer.paging.page, answer.paging.page_size, len(answer.books)) == (1, 8, 8)
    assert answer.paging.total_size >= 60
    assert [book.book_id for book in answer.books] == list(range(1, 9))
    beyond = books.ListBooks(pb.ListBooksRequest(paging=PageRequest(page=1000, page_size=100)))
    assert (list(beyond.books), beyond.paging.page) == ([], 1000)
    assert (beyond.paging.total_size, beyond.paging.next_page_token) == (answer.paging.total_size, "")


def test_filters_sort_and_page_reach_the_store(books: Stub) -> None:
    """Every field of the request has its effect."""
    request = pb.ListBooksRequest(
        genre="Science Fiction",
        min_price="9.00",
        max_price="20",
        search=" E ",
        in_stock=True,
        sort=pb.BOOK_SORT_PRICE_DESC,
        paging=PageRequest(page_size=100),
    )
    answer = books.ListBooks(request)
    assert 0 < answer.paging.total_size == len(answer.books)
    prices = [float(book.price) for book in answer.books]
    assert prices == sorted(prices, reverse=True)
    assert 9 <= prices[-1] <= prices[0] <= 20
    assert {book.genre for book in answer.books} == {"Science Fiction"}
    assert all(book.quantity > 0 for book in answer.books)


@pytest.mark.parametrize("sort", pb.BookSort.values())
def test_every_sort_of_the_contract_works(books: Stub, sort: "pb.BookSort.ValueType") -> None:
    """No value of the enum is forgotten."""
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
        (pb.ListBooksRequest(sort=99), ["sort"]),  # type: ignore[arg-type] # a number that no client of today sends
    ],
)
def test_a_list_out_of_range_names_its_fields(books: Stub, request_: pb.ListBooksRequest, fields: list[str]) -> None:
    """Each bad field is named, and the next good call works."""
    assert code(books.ListBooks, request_) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", fields)
    assert books.ListBooks(pb.ListBooksRequest()).books


def test_a_book_comes_whole(books: Stub, seeded_file_database: Database) -> None:
    """All fields are there; the price is a decimal text with two decimals."""
    execute(seeded_file_database, "UPDATE Books SET price = '24.90' WHERE book_id = 1")
    book = books.GetBook(pb.GetBookRequest(book_id=1)).book
    assert (book.book_id, book.title, book.authors, book.isbn) == (1, "Dune", "Frank Herbert", "9780441013593")
    assert (book.price, book.url) == ("24.90", "/images/books/9780441013593.svg")
    assert (book.format, book.publishers, book.genre) == ("Paperback", "Ace", "Science Fiction")
    assert book.description
    assert book.quantity > 0


def test_tokens_lead_through_the_catalogue(books: Stub) -> None:
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
    """So is one that is no token at all."""
    token = books.ListBooks(pb.ListBooksRequest()).paging.next_page_token if search else "no token"
    request = pb.ListBooksRequest(search=search, paging=PageRequest(page_token=token))
    assert code(books.ListBooks, request) == (CODE.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN", [])


@pytest.mark.parametrize("book_id", [999_999, 2**63 - 1])
def test_an_unknown_book_is_not_found(books: Stub, book_id: int) -> None:
    """A large id is unknown, not an error of ours."""
    assert code(books.GetBook, pb.GetBookRequest(book_id=book_id)) == (CODE.NOT_FOUND, "BOOK_NOT_FOUND", [])


@pytest.mark.parametrize("book_id", [0, -1])
def test_an_id_below_one_is_bad_input(books: Stub, book_id: int) -> None:
    """No id of ours is below one."""
    assert code(books.GetBook, pb.GetBookRequest(book_id=book_id))[::2] == (CODE.INVALID_ARGUMENT, ["book_id"])


def test_several_books_come_at_once(target: Target, books: Stub) -> None:
    """Each once and as it comes alone, in the order of the ids; one that does not exist is left out."""
    with channel_as("orders", target) as channel:
        answer = Stub(channel).BatchGetBooks(pb.BatchGetBooksRequest(book_ids=[3, 999_999, 1, 3, 2**63 - 1]))
        none = Stub(channel).BatchGetBooks(pb.BatchGetBooksRequest(book_ids=[999_999]))
    assert list(answer.books) == [books.GetBook(pb.GetBookRequest(book_id=book_id)).book for book_id in (1, 3)]
    assert not none.books


@pytest.mark.parametrize(("ids", "field"), [([], "book_ids"), ([1] * 101, "book_ids"), ([1, 0], "book_ids")])
def test_none_or_too_many_or_bad_ids_are_bad_input(target: Target, ids: list[int], field: str) -> None:
    """1 to 100, each of them above zero."""
    with channel_as("orders", target) as channel:
        request = pb.BatchGetBooksRequest(book_ids=ids)
        assert code(Stub(channel).BatchGetBooks, request)[::2] == (CODE.INVALID_ARGUMENT, [field])


def test_genres_come_in_order_with_the_range_of_prices(books: Stub, seeded_file_database: Database) -> None:
    """At least eight, each with its books; an empty shop has no prices."""
    answer = books.ListGenres(pb.ListGenresRequest())
    assert len(answer.genres) >= 8
    assert [genre.genre for genre in answer.genres] == sorted(genre.genre for genre in answer.genres)
    assert sum(genre.count for genre in answer.genres) == books.ListBooks(pb.ListBooksRequest()).paging.total_size
    assert float(answer.lowest_price) < float(answer.highest_price)
    execute(seeded_file_database, "DELETE FROM Books")
    empty = books.ListGenres(pb.ListGenresRequest())
    assert (list(empty.genres), empty.lowest_price, empty.highest_price) == ([], "", "")


@pytest.mark.parametrize("caller", ["gateway", "orders", "tester", "users"])
def test_only_the_worker_takes_stock(target: Target, caller: str) -> None:
    """PERMISSION_DENIED to everybody else, before the request is looked at."""
    with channel_as(caller, target) as channel:
        stub = Stub(channel)
        assert code(stub.Decrement, pb.DecrementRequest())[0] is CODE.PERMISSION_DENIED
        assert code(stub.BatchDecrement, pb.BatchDecrementRequest())[0] is CODE.PERMISSION_DENIED
        assert code(stub.RemoveStock, pb.RemoveStockRequest())[0] is CODE.PERMISSION_DENIED


def test_a_decrement_ends_in_each_of_its_codes(books: Stub, as_worker: Stub, seeded_file_database: Database) -> None:
    """Applied, rejected, unknown book, unknown order, other parameters, and bad input."""
    book = add_book(seeded_file_database, quantity=3)
    first, second, third = (add_order(seeded_file_database, add_user(seeded_file_database), book) for _ in range(3))
    take = as_worker.Decrement

    def asked(order: int, quantity: int, of: int = book) -> pb.DecrementRequest:
        return pb.DecrementRequest(order_id=order, book_id=of, quantity=quantity)

    assert take(asked(first, 2)).outcome == pb.DECREMENT_OUTCOME_APPLIED
    assert take(asked(first, 2)).outcome == pb.DECREMENT_OUTCOME_APPLIED
    assert take(asked(second, 2)).outcome == pb.DECREMENT_OUTCOME_REJECTED
    assert code(take, asked(first, 1)) == (CODE.FAILED_PRECONDITION, "ORDER_COUNTED_DIFFERENTLY", [])
    assert code(take, asked(third, 1, of=999_999)) == (CODE.NOT_FOUND, "BOOK_NOT_FOUND", [])
    assert code(take, asked(999_999, 1)) == (CODE.NOT_FOUND, "ORDER_NOT_FOUND", [])
    assert code(take, pb.DecrementRequest()) == (
        CODE.INVALID_ARGUMENT,
        "INVALID_FIELD",
        ["book_id", "order_id", "quantity"],
    )
    assert books.GetBook(pb.GetBookRequest(book_id=book)).book.quantity == 1


def test_a_batch_ends_in_each_of_its_codes(as_worker: Stub, seeded_file_database: Database) -> None:
    """One answer for each order, an unknown order among them, and too few or too many at once."""
    book = add_book(seeded_file_database, quantity=3)
    first, second = (add_order(seeded_file_database, add_user(seeded_file_database), book) for _ in range(2))

    def asked(*orders: int) -> pb.BatchDecrementRequest:
        requests = [pb.DecrementRequest(order_id=order, book_id=book, quantity=2) for order in orders]
        return pb.BatchDecrementRequest(requests=requests)

    take = as_worker.BatchDecrement
    outcomes = [response.outcome for response in take(asked(first, second)).responses]
    assert outcomes == [pb.DECREMENT_OUTCOME_APPLIED, pb.DECREMENT_OUTCOME_REJECTED]
    assert code(take, asked(first, 999_999)) == (CODE.NOT_FOUND, "ORDER_NOT_FOUND", [])
    assert code(take, asked()) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests"])
    assert code(take, asked(*range(1, 102))) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests"])
    assert code(take, asked(first, 0)) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ["requests.order_id"])


def test_removing_stock_ends_in_each_of_its_codes(as_worker: Stub, seeded_file_database: Database) -> None:
    """The book as it is then, too few left, unknown book, and the contract's own sentence for a bad quantity."""
    book = add_book(seeded_file_database, quantity=3)
    remove = as_worker.RemoveStock
    assert remove(pb.RemoveStockRequest(book_id=book, quantity=2)).book.quantity == 1
    assert code(remove, pb.RemoveStockRequest(book_id=book, quantity=2))[0] is CODE.FAILED_PRECONDITION
    assert code(remove, pb.RemoveStockRequest(book_id=999_999, quantity=2))[0] is CODE.NOT_FOUND
    with pytest.raises(grpc.RpcError) as raised:
        remove(pb.RemoveStockRequest(book_id=book))
    assert parse_failure(raised.value).message == "Invalid quantity provided. Must be more than 0."
