"""A client as another team writes it against the wheel; `test_wheel.py` checks its types and runs it."""

import sys

import grpc
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from mesh.v1 import errors_pb2, paging_pb2


def titles(address: str) -> list[str]:
    """Return the titles on the first page of the catalogue."""
    request = books_pb2.ListBooksRequest(
        genre="Science Fiction",
        sort=books_pb2.BOOK_SORT_PRICE,
        paging=paging_pb2.PageRequest(page_size=10),
    )
    with grpc.insecure_channel(address) as channel:
        response = books_pb2_grpc.BooksStub(channel).ListBooks(request, timeout=3)
    return [book.title for book in response.books]


def explain(reason: str) -> str:
    """Return what a client can do about an error."""
    if reason == errors_pb2.ErrorReason.Name(errors_pb2.DATABASE_BUSY):
        return "Try again."
    return "Change the request."


def main() -> None:
    """Print the titles of the catalogue at the address."""
    print(*titles(sys.argv[1]), explain("DATABASE_BUSY"), sep="\n")


if __name__ == "__main__":
    main()
