"""Translates between the contract and the store."""

from collections.abc import Iterable
from decimal import Decimal

import grpc
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from database.engine import AnyRow
from mesh.paging import read_page
from svc_books.models import APPLIED, REJECTED
from svc_books.rules import DEFAULT_PAGE_SIZE, Filters, Taking
from svc_books.store import BookStore

SORTS = {
    pb.BOOK_SORT_UNSPECIFIED: "",
    pb.BOOK_SORT_TITLE: "title",
    pb.BOOK_SORT_TITLE_DESC: "-title",
    pb.BOOK_SORT_PRICE: "price",
    pb.BOOK_SORT_PRICE_DESC: "-price",
    pb.BOOK_SORT_NEWEST: "newest",
}
OUTCOMES = {APPLIED: pb.DECREMENT_OUTCOME_APPLIED, REJECTED: pb.DECREMENT_OUTCOME_REJECTED}


class BooksServicer(books_pb2_grpc.BooksServicer):
    """The Books service.

    Args:
        store: the books.
    """

    def __init__(self, store: BookStore) -> None:
        self._store = store

    def ListBooks(self, request: pb.ListBooksRequest, context: grpc.ServicerContext) -> pb.ListBooksResponse:
        """One page of the catalogue."""
        page = read_page(request, DEFAULT_PAGE_SIZE)
        rows, total = self._store.page(_filters(request), SORTS[request.sort], page.offset, page.size)
        return pb.ListBooksResponse(books=map(_book, rows), paging=page.response(total))

    def GetBook(self, request: pb.GetBookRequest, context: grpc.ServicerContext) -> pb.GetBookResponse:
        """One book."""
        return pb.GetBookResponse(book=_book(self._store.get(request.book_id)))

    def BatchGetBooks(
        self, request: pb.BatchGetBooksRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetBooksResponse:
        """Several books."""
        return pb.BatchGetBooksResponse(books=map(_book, self._store.some(request.book_ids)))

    def ListGenres(self, request: pb.ListGenresRequest, context: grpc.ServicerContext) -> pb.ListGenresResponse:
        """Genres, and the range of prices."""
        genres, prices = self._store.genres()
        return pb.ListGenresResponse(
            genres=[pb.GenreCount(genre=row.genre, count=row.books) for row in genres],
            lowest_price=_price(prices.lowest),
            highest_price=_price(prices.highest),
        )

    def Decrement(self, request: pb.DecrementRequest, context: grpc.ServicerContext) -> pb.DecrementResponse:
        """Takes an order's copies, once."""
        (response,) = self._decrement([request])
        return response

    def BatchDecrement(
        self, request: pb.BatchDecrementRequest, context: grpc.ServicerContext
    ) -> pb.BatchDecrementResponse:
        """Takes the copies of many orders, once each."""
        return pb.BatchDecrementResponse(responses=self._decrement(request.requests))

    def RemoveStock(self, request: pb.RemoveStockRequest, context: grpc.ServicerContext) -> pb.RemoveStockResponse:
        """Takes copies without an order."""
        return pb.RemoveStockResponse(book=_book(self._store.remove(request.book_id, request.quantity)))

    def _decrement(self, requests: Iterable[pb.DecrementRequest]) -> list[pb.DecrementResponse]:
        takings = [Taking(request.order_id, request.book_id, request.quantity) for request in requests]
        return [pb.DecrementResponse(outcome=OUTCOMES[outcome]) for outcome in self._store.decrement(takings)]


def _filters(request: pb.ListBooksRequest) -> Filters:
    return Filters(
        genre=request.genre or None,
        min_price=Decimal(request.min_price) if request.min_price else None,
        max_price=Decimal(request.max_price) if request.max_price else None,
        search=request.search.strip() or None,
        in_stock=request.in_stock,
    )


def _price(price: Decimal | None) -> str:
    return "" if price is None else f"{price:.2f}"


def _book(row: AnyRow) -> pb.Book:
    return pb.Book(
        book_id=row.book_id,
        title=row.title,
        description=row.description,
        isbn=row.isbn,
        authors=row.authors,
        publishers=row.publishers,
        format=row.format,
        genre=row.genre,
        price=_price(row.price),
        quantity=row.quantity,
        url=row.url,
    )
