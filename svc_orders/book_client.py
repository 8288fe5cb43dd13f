"""Reads books from the books service, and takes copies from its stock."""

import contextvars
from collections.abc import Sequence

import grpc
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from mesh.batching import Batcher
from mesh.client import parse_failure
from mesh.errors import NotFound
from svc_orders.rules import OrderState


class BookClient:
    """Reads one book per call, or several when requests arrive while a call is running.

    Nothing is cached: each response is newer than the request for it.

    Args:
        books: stub of the books service.
    """

    def __init__(self, books: books_pb2_grpc.BooksStub) -> None:
        self._books = books
        self._batcher = Batcher(self._get_books)

    def get_book(self, book_id: int) -> pb.Book:
        """Return the book with its current price and stock.

        Raises:
            NotFound: no book has the id.
            grpc.RpcError: the books service did not respond.
        """
        book = self._batcher.submit(book_id)
        if book is None:
            raise NotFound("Book was not found.", "BOOK_NOT_FOUND")
        return book

    def take_copies(self, orders: Sequence[OrderState]) -> set[int]:
        """Take the copies of each order, once, and return the ids of the orders that have them.

        Raises:
            grpc.RpcError: the books service did not respond.
        """
        requests = [
            pb.DecrementRequest(order_id=order.order_id, book_id=order.book_id, quantity=order.quantity)
            for order in orders
        ]
        responses = self._books.BatchDecrement(pb.BatchDecrementRequest(requests=requests)).responses
        outcomes = zip(orders, responses, strict=True)
        return {order.order_id for order, each in outcomes if each.outcome == pb.DECREMENT_OUTCOME_APPLIED}

    def _get_books(self, book_ids: Sequence[int]) -> list[pb.Book | None]:
        if len(book_ids) == 1:
            return [self._get_one(book_ids[0])]
        request = pb.BatchGetBooksRequest(book_ids=sorted(set(book_ids)))
        # In an empty context: the call belongs to no single request, so it has no request id and no deadline of one.
        response = contextvars.Context().run(self._books.BatchGetBooks, request)
        by_id = {book.book_id: book for book in response.books}
        return [by_id.get(book_id) for book_id in book_ids]

    def _get_one(self, book_id: int) -> pb.Book | None:
        try:
            return self._books.GetBook(pb.GetBookRequest(book_id=book_id)).book
        except grpc.RpcError as error:
            if parse_failure(error).code is grpc.StatusCode.NOT_FOUND:
                return None
            raise
