"""Port 5002: the catalogue."""

from bookstore.books.v1 import books_pb2 as pb
from bookstore.books.v1 import books_pb2_grpc
from flask import Response

from gateway import replies
from gateway.answers import book_json, money, pagination, success
from gateway.auth import Access, Caller
from gateway.bodies import PAGE_NAMES, BooksQuery, Decrement
from gateway.rows import Row, RowSet

SORTS = {
    None: pb.BOOK_SORT_UNSPECIFIED,
    "title": pb.BOOK_SORT_TITLE,
    "-title": pb.BOOK_SORT_TITLE_DESC,
    "price": pb.BOOK_SORT_PRICE,
    "-price": pb.BOOK_SORT_PRICE_DESC,
    "newest": pb.BOOK_SORT_NEWEST,
}


class Books:
    """The rows of port 5002.

    Args:
        books: the service behind them.
    """

    def __init__(self, books: books_pb2_grpc.BooksStub) -> None:
        self._books = books

    def rows(self) -> RowSet:
        """What the port serves."""
        return RowSet("books", "books", ("books",), [
            Row(method="GET", path="/books", view=self.list_books, query=BooksQuery, answer=replies.BooksAnswer,
                names=PAGE_NAMES),
            Row(method="GET", path="/books/<id:book_id>", view=self.get_book, answer=replies.BookAnswer,
                missing="Book was not found."),
            Row(method="GET", path="/genres", view=self.list_genres, answer=replies.GenresAnswer),
            Row(method="PUT", path="/books/<id:book_id>/decrement", view=self.decrement_book, access=Access.SERVICE,
                body=Decrement, answer=replies.StockAnswer, names={"quantity": "quantity_ordered"}, refuses=(409,),
                missing="Book not found."),
        ])  # fmt: skip

    def list_books(self, query: BooksQuery) -> Response:
        """Lists one page of the catalogue, filtered and sorted."""
        asked = pb.ListBooksRequest(
            genre=query.genre,
            min_price=query.min_price,
            max_price=query.max_price,
            search=query.search,
            in_stock=query.in_stock,
            sort=SORTS[query.sort],
            paging=query.paging(),
        )
        found = self._books.ListBooks(asked)
        data = [book_json(book) for book in found.books]
        return success(data, pagination=pagination(found.paging))

    def get_book(self, book_id: int) -> Response:
        """Answers one book."""
        return success(book_json(self._books.GetBook(pb.GetBookRequest(book_id=book_id)).book))

    def list_genres(self) -> Response:
        """Lists the genres with the number of books in each, and the range of prices."""
        found = self._books.ListGenres(pb.ListGenresRequest())
        data = [{"genre": each.genre, "count": each.count} for each in found.genres]
        prices = {"lowest": money(found.lowest_price), "highest": money(found.highest_price)}
        return success(data, price_range=prices)

    def decrement_book(self, book_id: int, caller: Caller, body: Decrement) -> Response:
        """Takes copies from the stock, without an order."""
        asked = pb.RemoveStockRequest(book_id=book_id, quantity=body.quantity_ordered)
        book = self._books.RemoveStock(asked, metadata=caller.metadata).book
        return success(book_json(book), message=f"Quantity updated to {book.quantity}.")
