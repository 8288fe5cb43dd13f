"""Reads books from the books service, and takes copies from its stock."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
from bookstore.books.v1 import books_pb2 as pb

from mesh.batching import AsyncBatcher
from mesh.client import parse_failure
from mesh.errors import NotFound
from svc_orders.rules import OrderState

if TYPE_CHECKING:
    from bookstore.books.v1.books_pb2_grpc import BooksAsyncStub  # exists for type checkers only


class BookClient:
    """Reads one book per call, or several when requests arrive while a call is running.

    Nothing is cached: each response is newer than the request for it.

    Args:
        books: stub of the books service.
    """

    def __init__(self, books: "BooksAsyncStub") -> None:
        self._books = books
        self._batcher = AsyncBatcher(self._get_one, self._get_many)

    async def get_book(self, book_id: int) -> pb.Book:
        """Return the book with its current price and stock.

        Raises:
            NotFound: no book has the id.
            grpc.RpcError: the books service did not respond.
        """
        book = await self._batcher.submit(book_id)
        if book is None:
            raise NotFound("Book was not found.", "BOOK_NOT_FOUND")
        return book

    async def take_copies(self, orders: Sequence[OrderState]) -> set[int]:
        """Take the copies of each order, once, and return the ids of the orders that have them.

        Raises:
            grpc.RpcError: the books service did not respond.
        """
        requests = [
            pb.DecrementRequest(order_id=order.order_id, book_id=order.book_id, quantity=order.quantity)
            for order in orders
        ]
        response = await self._books.BatchDecrement(pb.BatchDecrementRequest(requests=requests))
        outcomes = zip(orders, response.responses, strict=True)
        return {order.order_id for order, each in outcomes if each.outcome == pb.DECREMENT_OUTCOME_APPLIED}

    async def _get_many(self, book_ids: list[int]) -> list[pb.Book | None]:
        request = pb.BatchGetBooksRequest(book_ids=sorted(set(book_ids)))
        response = await self._books.BatchGetBooks(request)
        by_id = {book.book_id: book for book in response.books}
        return [by_id.get(book_id) for book_id in book_ids]

    async def _get_one(self, book_id: int) -> pb.Book | None:
        try:
            return (await self._books.GetBook(pb.GetBookRequest(book_id=book_id))).book
        except grpc.RpcError as error:
            if parse_failure(error).code is grpc.StatusCode.NOT_FOUND:
                return None
            raise
