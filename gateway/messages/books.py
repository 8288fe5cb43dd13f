"""Messages of the catalogue."""

from typing import Annotated, Literal

from bookstore.books.v1 import books_pb2
from pydantic import Field
from typing_extensions import TypedDict

from gateway.messages.common import PageQuery, Pagination, Request, required_in_docs
from gateway.messages.types import Amount, Flag, Int32, Money, money


class BooksQuery(PageQuery):
    """The filters and the order of a list of books."""

    genre: str | None = None
    min_price: Amount | None = None
    max_price: Amount | None = None
    search: str | None = None
    in_stock: Flag = False
    sort: Literal["title", "-title", "price", "-price", "newest"] | None = None


class DecrementRequest(Request):
    """The number of copies to remove from the stock."""

    model_config = required_in_docs("quantity_ordered")

    quantity_ordered: Int32 = 0


class Book(TypedDict):
    """A title in the catalogue."""

    book_id: int
    title: str
    description: str
    ISBN: str
    authors: Annotated[str, Field(description="Authors, separated by commas.")]
    publishers: str
    format: str
    genre: str
    price: Annotated[Money, Field(description="Unit price with at most two decimals.", ge=0)]
    quantity: Annotated[int, Field(description="Copies in stock.", ge=0)]
    url: Annotated[str, Field(description="Path of the cover, such as `/images/books/9780141439518.svg`.")]


class GenreCount(TypedDict):
    """A genre and the number of its books."""

    genre: str
    count: int


class PriceRange(TypedDict):
    """The lowest and the highest price; null when there are no books."""

    lowest: Money | None
    highest: Money | None


class BookResponse(TypedDict):
    """One book."""

    code: Literal[200]
    data: Book


class BooksResponse(TypedDict):
    """One page of books."""

    code: Literal[200]
    data: list[Book]
    pagination: Pagination


class GenresResponse(TypedDict):
    """The genres and the range of prices."""

    code: Literal[200]
    data: list[GenreCount]
    price_range: PriceRange


class StockResponse(TypedDict):
    """The book with its new quantity."""

    code: Literal[200]
    data: Book
    message: str


def book_message(book: books_pb2.Book) -> Book:
    """Return a book in the form of the REST contract."""
    return {
        "book_id": book.book_id,
        "title": book.title,
        "description": book.description,
        "ISBN": book.isbn,
        "authors": book.authors,
        "publishers": book.publishers,
        "format": book.format,
        "genre": book.genre,
        "price": money(book.price),
        "quantity": book.quantity,
        "url": book.url,
    }
