"""Translates between the contract of the books service and its stores."""

from collections.abc import Iterable
from decimal import Decimal

import grpc
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from mesh.paging import read_page
from svc_books.rules import DEFAULT_PAGE_SIZE, Book, BookFilters, BookSort, Decrement, Outcome
from svc_books.store.books import BookStore
from svc_books.store.returns import ReturnStore
from svc_books.store.stock import StockStore

SORTS = {
    pb.BOOK_SORT_UNSPECIFIED: BookSort.ID,
    pb.BOOK_SORT_TITLE: BookSort.TITLE,
    pb.BOOK_SORT_TITLE_DESC: BookSort.TITLE_DESC,
    pb.BOOK_SORT_PRICE: BookSort.PRICE,
    pb.BOOK_SORT_PRICE_DESC: BookSort.PRICE_DESC,
    pb.BOOK_SORT_NEWEST: BookSort.NEWEST,
}
OUTCOMES = {
    Outcome.APPLIED: pb.DECREMENT_OUTCOME_APPLIED,
    Outcome.REJECTED: pb.DECREMENT_OUTCOME_REJECTED,
    Outcome.RETURNED: pb.DECREMENT_OUTCOME_RETURNED,
}


class BooksServicer(books_pb2_grpc.BooksServicer):
    """The Books service.

    Args:
        books: reads books.
        stock: takes copies from the stock.
        returns: puts copies back.
    """

    def __init__(self, books: BookStore, stock: StockStore, returns: ReturnStore) -> None:
        self._books = books
        self._stock = stock
        self._returns = returns

    def ListBooks(self, request: pb.ListBooksRequest, context: grpc.ServicerContext) -> pb.ListBooksResponse:
        """Return one page of the catalogue."""
        page = read_page(request, DEFAULT_PAGE_SIZE)
        result = self._books.page(_filters(request), SORTS[request.sort], page.offset, page.size)
        return pb.ListBooksResponse(books=map(_book, result.books), paging=page.response(result.total_size))

    def GetBook(self, request: pb.GetBookRequest, context: grpc.ServicerContext) -> pb.GetBookResponse:
        """Return a book."""
        return pb.GetBookResponse(book=_book(self._books.get(request.book_id)))

    def BatchGetBooks(
        self, request: pb.BatchGetBooksRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetBooksResponse:
        """Return several books."""
        return pb.BatchGetBooksResponse(books=map(_book, self._books.get_many(request.book_ids)))

    def ListGenres(self, request: pb.ListGenresRequest, context: grpc.ServicerContext) -> pb.ListGenresResponse:
        """Return all genres and the range of prices."""
        overview = self._books.genres()
        return pb.ListGenresResponse(
            genres=[pb.GenreCount(genre=each.genre, count=each.count) for each in overview.genres],
            lowest_price=_price(overview.lowest_price),
            highest_price=_price(overview.highest_price),
        )

    def Decrement(self, request: pb.DecrementRequest, context: grpc.ServicerContext) -> pb.DecrementResponse:
        """Take the copies of an order, once."""
        (response,) = self._decrement([request])
        return response

    def BatchDecrement(
        self, request: pb.BatchDecrementRequest, context: grpc.ServicerContext
    ) -> pb.BatchDecrementResponse:
        """Take the copies of several orders, each once."""
        return pb.BatchDecrementResponse(responses=self._decrement(request.requests))

    def Return(self, request: pb.ReturnRequest, context: grpc.ServicerContext) -> pb.ReturnResponse:
        """Put the copies of an order back, once."""
        (response,) = self._give_back([request])
        return response

    def BatchReturn(self, request: pb.BatchReturnRequest, context: grpc.ServicerContext) -> pb.BatchReturnResponse:
        """Put the copies of several orders back, each once."""
        return pb.BatchReturnResponse(responses=self._give_back(request.requests))

    def RemoveStock(self, request: pb.RemoveStockRequest, context: grpc.ServicerContext) -> pb.RemoveStockResponse:
        """Take copies without an order."""
        return pb.RemoveStockResponse(book=_book(self._stock.remove(request.book_id, request.quantity)))

    def _decrement(self, requests: Iterable[pb.DecrementRequest]) -> list[pb.DecrementResponse]:
        outcomes = self._stock.decrement([_movement(request) for request in requests])
        return [pb.DecrementResponse(outcome=OUTCOMES[outcome]) for outcome in outcomes]

    def _give_back(self, requests: Iterable[pb.ReturnRequest]) -> list[pb.ReturnResponse]:
        outcomes = self._returns.give_back([_movement(request) for request in requests])
        return [pb.ReturnResponse(outcome=OUTCOMES[outcome]) for outcome in outcomes]


def _movement(request: pb.DecrementRequest | pb.ReturnRequest) -> Decrement:
    return Decrement(request.order_id, request.book_id, request.quantity)


def _filters(request: pb.ListBooksRequest) -> BookFilters:
    return BookFilters(
        genre=request.genre or None,
        min_price=Decimal(request.min_price) if request.min_price else None,
        max_price=Decimal(request.max_price) if request.max_price else None,
        search=request.search.strip() or None,
        in_stock=request.in_stock,
    )


def _price(price: Decimal | None) -> str:
    return "" if price is None else f"{price:.2f}"


def _book(book: Book) -> pb.Book:
    return pb.Book(
        book_id=book.book_id,
        title=book.title,
        description=book.description,
        isbn=book.isbn,
        authors=book.authors,
        publishers=book.publishers,
        format=book.format,
        genre=book.genre,
        price=_price(book.price),
        quantity=book.quantity,
        url=book.url,
    )
