"""Port 5002: the catalogue."""

from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1.books_pb2_grpc import BooksStub

from gateway.http.auth import Access, Caller
from gateway.http.routing import RouteGroup
from gateway.messages.books import (
    BookResponse,
    BooksQuery,
    BooksResponse,
    DecrementRequest,
    GenresResponse,
    StockResponse,
    book_message,
)
from gateway.messages.common import PAGING_FIELD_NAMES, pagination
from gateway.messages.types import money

SORT_NUMBERS = {
    None: pb.BOOK_SORT_UNSPECIFIED,
    "title": pb.BOOK_SORT_TITLE,
    "-title": pb.BOOK_SORT_TITLE_DESC,
    "price": pb.BOOK_SORT_PRICE,
    "-price": pb.BOOK_SORT_PRICE_DESC,
    "newest": pb.BOOK_SORT_NEWEST,
}

routes = RouteGroup("books", port="books", service="books")


@routes.get("/books", BooksResponse, query=BooksQuery, field_names=PAGING_FIELD_NAMES)
def list_books(books: BooksStub, query: BooksQuery) -> BooksResponse:
    """List one page of the catalogue, filtered and sorted."""
    response = books.ListBooks(
        pb.ListBooksRequest(
            genre=query.genre,
            min_price=query.min_price,
            max_price=query.max_price,
            search=query.search,
            in_stock=query.in_stock,
            sort=SORT_NUMBERS[query.sort],
            paging=query.paging(),
        )
    )
    return {
        "code": 200,
        "data": [book_message(book) for book in response.books],
        "pagination": pagination(response.paging),
    }


@routes.get("/books/<id:book_id>", BookResponse, not_found="Book was not found.")
def get_book(books: BooksStub, book_id: int) -> BookResponse:
    """Return one book."""
    return {"code": 200, "data": book_message(books.GetBook(pb.GetBookRequest(book_id=book_id)).book)}


@routes.get("/genres", GenresResponse)
def list_genres(books: BooksStub) -> GenresResponse:
    """List the genres with the number of books in each, and the range of prices."""
    response = books.ListGenres(pb.ListGenresRequest())
    return {
        "code": 200,
        "data": [{"genre": each.genre, "count": each.count} for each in response.genres],
        "price_range": {"lowest": money(response.lowest_price), "highest": money(response.highest_price)},
    }


@routes.put(
    "/books/<id:book_id>/decrement",
    StockResponse,
    access=Access.SERVICE,
    body=DecrementRequest,
    field_names={"quantity": "quantity_ordered"},
    errors=(409,),
    not_found="Book not found.",
)
def decrement_book(books: BooksStub, book_id: int, caller: Caller, body: DecrementRequest) -> StockResponse:
    """Remove copies from the stock without an order."""
    message = pb.RemoveStockRequest(book_id=book_id, quantity=body.quantity_ordered)
    book = books.RemoveStock(message, metadata=caller.metadata).book
    return {"code": 200, "data": book_message(book), "message": f"Quantity updated to {book.quantity}."}
