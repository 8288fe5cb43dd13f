"""Fakes of the services, and headers that clients of the gateway send."""

import time
from types import SimpleNamespace
from typing import Any, cast

import grpc
import jwt
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from bookstore.users.v1 import users_pb2
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_status import rpc_status
from mesh.v1.paging_pb2 import PageResponse

from gateway.config import Config
from gateway.stubs import Stubs
from mesh.context import current_call
from mesh.errors import MeshError
from mesh.identity import Signer
from mesh.interceptors.errors import build_status
from mesh.testing import SECRET as MESH_SECRET
from registry.services import services

JWT_SECRET = "the users' own secret, 32 bytes or more"
ORIGIN = "http://localhost:5173"
BOOK = books_pb2.Book(
    book_id=1, title="Emma", description="Matches.", isbn="9780141439587", authors="Jane Austen", publishers="Penguin",
    format="Paperback", genre="Classics", price="24.90", quantity=7, url="/images/books/9780141439587.svg",
)  # fmt: skip
BOOK_JSON = {
    "book_id": 1, "title": "Emma", "description": "Matches.", "ISBN": "9780141439587", "authors": "Jane Austen",
    "publishers": "Penguin", "format": "Paperback", "genre": "Classics", "price": 24.9, "quantity": 7,
    "url": "/images/books/9780141439587.svg",
}  # fmt: skip
ORDER = orders_pb2.Order(
    order_id=5, book_id=1, user_id=7, price="24.90", quantity=2, status=orders_pb2.ORDER_STATUS_PENDING, title="Emma",
    authors="Jane Austen", url="/images/books/9780141439587.svg", create_time=Timestamp(seconds=1755037184),
)  # fmt: skip
ORDER_JSON = {
    "order_id": 5, "book_id": 1, "user_id": 7, "price": 24.9, "quantity": 2, "status": "pending", "title": "Emma",
    "authors": "Jane Austen", "url": "/images/books/9780141439587.svg", "order_date": "Tue, 12 Aug 2025 22:19:44 GMT",
}  # fmt: skip


class FailedCall(grpc.RpcError, grpc.Call):
    """The exception that a stub raises.

    Args:
        error: the error of the service, or a bare status code as a proxy or gRPC itself sends it.
    """

    def __init__(self, error: MeshError | grpc.StatusCode) -> None:
        super().__init__()
        if isinstance(error, MeshError):
            status = rpc_status.to_status(build_status(error, "test"))
            self._code, self._details, self._trailing = status.code, status.details, status.trailing_metadata
        else:
            self._code, self._details, self._trailing = error, "an internal text", ()

    def code(self) -> grpc.StatusCode:
        """Return the status code."""
        return cast("grpc.StatusCode", self._code)

    def details(self) -> str:
        """Return the status message."""
        return str(self._details)

    def trailing_metadata(self) -> Any:
        """Return the metadata, which holds the details of the error."""
        return self._trailing


class FakeRpc:
    """One method of a stub: records its requests, and returns its response or raises it if it is an exception."""

    def __init__(self, response: Message) -> None:
        self._success = response
        self.response: Message | Exception = response
        self.requests: list[Any] = []
        self.metadata: list[Any] = []
        self.request_ids: list[str] = []

    def __call__(self, request: Message, metadata: Any = None) -> Message:
        """Call the method."""
        self.requests.append(request)
        self.metadata.append(metadata)
        call = current_call.get()
        self.request_ids.append(call.request_id if call else "")
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def fail_with(self, error: MeshError | grpc.StatusCode) -> None:
        """Raise this error from now on."""
        self.response = FailedCall(error)  # type: ignore[abstract] # it has all that parsing a failure reads

    def succeed(self) -> None:
        """Return the first response from now on."""
        self.response = self._success


class Services:
    """The services; those without an attribute here succeed with empty responses."""

    def __init__(self) -> None:
        tokens = users_pb2.TokenPair(access_token="access", refresh_token="refresh", refresh_expire_time=_in_a_day())
        user = users_pb2.User(user_id=7, username="Ada", email="ada@example.org")
        self.register = FakeRpc(users_pb2.RegisterResponse(user=user))
        self.login = FakeRpc(users_pb2.LoginResponse(tokens=tokens, user=user))
        self.refresh = FakeRpc(users_pb2.RefreshResponse(tokens=tokens))
        self.logout = FakeRpc(users_pb2.LogoutResponse())
        self.list_books = FakeRpc(
            books_pb2.ListBooksResponse(books=[BOOK], paging=PageResponse(page=1, page_size=8, total_size=9))
        )
        self.get_book = FakeRpc(books_pb2.GetBookResponse(book=BOOK))
        genres = [books_pb2.GenreCount(genre="Classics", count=2)]
        self.list_genres = FakeRpc(
            books_pb2.ListGenresResponse(genres=genres, lowest_price="5.00", highest_price="24.90")
        )
        self.remove_stock = FakeRpc(books_pb2.RemoveStockResponse(book=BOOK))
        self.place_order = FakeRpc(orders_pb2.PlaceOrderResponse(order=ORDER))
        self.create_order = FakeRpc(orders_pb2.CreateOrderResponse(order=ORDER))
        self.get_order = FakeRpc(orders_pb2.GetOrderResponse(order=ORDER))
        self.list_orders = FakeRpc(orders_pb2.ListUserOrdersResponse(orders=[ORDER]))
        self.find_pending = FakeRpc(orders_pb2.FindPendingResponse(order=ORDER))
        self.set_status = FakeRpc(orders_pb2.SetStatusResponse(order=ORDER))
        self.down: set[str] = set()

    def stubs(self) -> Stubs:
        """Return stubs that call the methods of these services."""
        stubs: dict[str, Any] = {
            "users": SimpleNamespace(
                Register=self.register, Login=self.login, Refresh=self.refresh, Logout=self.logout
            ),
            "books": SimpleNamespace(
                ListBooks=self.list_books,
                GetBook=self.get_book,
                ListGenres=self.list_genres,
                RemoveStock=self.remove_stock,
            ),
            "orders": SimpleNamespace(
                PlaceOrder=self.place_order,
                CreateOrder=self.create_order,
                GetOrder=self.get_order,
                ListUserOrders=self.list_orders,
                FindPending=self.find_pending,
                SetStatus=self.set_status,
            ),
        }
        others = {entry.name: _empty_stub(entry.descriptor) for entry in services() if entry.name not in stubs}
        return Stubs(by_service={**stubs, **others}, is_serving=lambda name: name not in self.down)


def config(**settings: str) -> Config:
    """Return the settings of the tests."""
    return Config.from_env({"JWT_SECRET_KEY": JWT_SECRET, "MESH_SECRET": MESH_SECRET, **settings})


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a valid access token with these changes; None removes a claim."""
    now = int(time.time())
    good = {"sub": "7", "name": "Ada", "iat": now, "exp": now + 900, "type": "access", "sid": SESSION}
    return {name: value for name, value in (good | changed).items() if value is not None}


def bearer(token: str | None = None, **changed: Any) -> dict[str, str]:
    """Return the header of a user."""
    return {"Authorization": f"Bearer {token or jwt.encode(claims(**changed), JWT_SECRET, 'HS256')}"}


def service_bearer(audience: str, caller: str = "worker") -> dict[str, str]:
    """Return the header of a service."""
    return {"Authorization": f"Bearer {Signer(caller, MESH_SECRET).token(audience, lifetime_seconds=3600)}"}


SESSION = "0b7bb0b4-36f6-4a4e-8d8f-5a1f0e0f8a11"


def _empty_stub(descriptor: ServiceDescriptor) -> SimpleNamespace:
    """Return a stub whose methods return empty responses."""
    responses = {method.name: GetMessageClass(method.output_type)() for method in descriptor.methods}
    return SimpleNamespace(**{name: FakeRpc(response) for name, response in responses.items()})


def _in_a_day() -> Timestamp:
    return Timestamp(seconds=int(time.time()) + 86400)
