"""What is on sale, as the books service tells it."""

import contextvars
from collections.abc import Sequence

import grpc
from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc

from mesh.batching import Batcher
from mesh.client import parse_failure
from mesh.errors import NotFound


class Catalogue:
    """Asks for books: for one alone, and in one call for those that are asked for while a call is on its way.

    Nothing is remembered: each answer was given after it was asked for.

    Args:
        books: stub of the books service.
    """

    def __init__(self, books: books_pb2_grpc.BooksStub) -> None:
        self._books = books
        self._asked = Batcher(self._ask)

    def book(self, book_id: int) -> pb.Book:
        """The book with its price and stock of this moment.

        Raises:
            NotFound: when no book has the id.
            grpc.RpcError: when the books service does not answer.
        """
        book = self._asked.submit(book_id)
        if book is None:
            raise NotFound("Book was not found.", "BOOK_NOT_FOUND")
        return book

    def _ask(self, book_ids: Sequence[int]) -> list[pb.Book | None]:
        if len(book_ids) == 1:
            return [self._one(book_ids[0])]
        request = pb.BatchGetBooksRequest(book_ids=sorted(set(book_ids)))
        # Without a request id and a deadline, as it is nobody's own.
        answer = contextvars.Context().run(self._books.BatchGetBooks, request)
        by_id = {book.book_id: book for book in answer.books}
        return [by_id.get(book_id) for book_id in book_ids]

    def _one(self, book_id: int) -> pb.Book | None:
        try:
            return self._books.GetBook(pb.GetBookRequest(book_id=book_id)).book
        except grpc.RpcError as error:
            if parse_failure(error).code is grpc.StatusCode.NOT_FOUND:
                return None
            raise
