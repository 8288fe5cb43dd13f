"""`python -m bench.stubs NAME`: a gRPC service that returns constants, without a database."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from mesh.v1.paging_pb2 import PageResponse

from mesh.env import read_environment, text
from registry.services import service

TEXT = "A desert world holds the only source of the spice, and every great house wants it. " * 4
BOOK = books_pb2.Book(
    book_id=1, title="Dune", description=TEXT, isbn="9780441013593", authors="Frank Herbert", publishers="Ace",
    format="Paperback", genre="Science Fiction", price="10.99", quantity=84, url="/images/books/9780441013593.svg",
)  # fmt: skip
ORDER = orders_pb2.Order(
    order_id=1, book_id=1, user_id=1, price="10.99", quantity=1, status=orders_pb2.ORDER_STATUS_PENDING, title="Dune",
    authors="Frank Herbert", url="/images/books/9780441013593.svg", create_time=Timestamp(seconds=1_760_000_000),
)  # fmt: skip
RESPONSES: dict[str, dict[str, Any]] = {
    "books": {
        "GetBook": books_pb2.GetBookResponse(book=BOOK),
        "ListBooks": books_pb2.ListBooksResponse(
            books=[BOOK] * 8, paging=PageResponse(page=1, page_size=8, total_size=74)
        ),
    },
    "orders": {
        "PlaceOrder": orders_pb2.PlaceOrderResponse(order=ORDER),
        "GetOrder": orders_pb2.GetOrderResponse(order=ORDER),
        "ListUserOrders": orders_pb2.ListUserOrdersResponse(
            orders=[ORDER] * 4, paging=PageResponse(page=1, page_size=4, total_size=4)
        ),
    },
}
"""The responses by service and method; every other method fails with UNIMPLEMENTED."""


def main(name: str) -> None:
    """Serve on the address of the real service until the process is killed."""
    entry = service(name)
    full_name = entry.descriptor.full_name
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            lambda _, __, response=response: response,
            request_deserializer=GetMessageClass(entry.descriptor.methods_by_name[method].input_type).FromString,
            response_serializer=type(response).SerializeToString,
        )
        for method, response in RESPONSES.get(name, {}).items()
    }
    server = grpc.server(ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(full_name, handlers),))
    serving = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(serving, server)
    serving.set(full_name, health_pb2.HealthCheckResponse.SERVING)
    server.add_insecure_port(text(read_environment(), entry.address_variable))
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
