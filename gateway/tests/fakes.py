"""Hand-written doubles of the services, and what clients of the gateway send."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import grpc
import jwt
from bookstore.books.v1 import books_pb2
from bookstore.orders.v1 import orders_pb2
from bookstore.users.v1 import users_pb2
from google.protobuf.message import Message
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
    """What a stub raises.

    Args:
        error: the service's own error, or a bare code as a proxy or gRPC itself answers it.
    """

    def __init__(self, error: MeshError | grpc.StatusCode) -> None:
        super().__init__()
        if isinstance(error, MeshError):
            status = rpc_status.to_status(build_status(error, "test"))
            self._code, self._details, self._trailing = status.code, status.details, status.trailing_metadata
        else:
            self._code, self._details, self._trailing = error, "an internal text", ()

    def code(self) -> grpc.StatusCode:
        """The status code."""
        return cast("grpc.StatusCode", self._code)

    def details(self) -> str:
        """The status message."""
        return str(self._details)

    def trailing_metadata(self) -> Any:
        """Where the details are."""
        return self._trailing


class Rpc:
    """One method of a stub: remembers what it was asked, and answers or fails as told."""

    def __init__(self, answer: Message) -> None:
        self.answer: Message | Exception = answer
        self.asked: list[Any] = []
        self.metadata: list[Any] = []
        self.request_ids: list[str] = []

    def __call__(self, request: Message, metadata: Any = None) -> Message:
        """Answers the request."""
        self.asked.append(request)
        self.metadata.append(metadata)
        call = current_call.get()
        self.request_ids.append(call.request_id if call else "")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def fails(self, error: MeshError | grpc.StatusCode) -> None:
        """Answers with the error from now on."""
        self.answer = FailedCall(error)  # type: ignore[abstract] # it has what a failure is read from


class Services:
    """The three services."""

    def __init__(self) -> None:
        tokens = users_pb2.TokenPair(access_token="access", refresh_token="refresh", refresh_expire_time=_in_a_day())
        user = users_pb2.User(user_id=7, username="Ada", email="ada@example.org")
        self.register = Rpc(users_pb2.RegisterResponse(user=user))
        self.login = Rpc(users_pb2.LoginResponse(tokens=tokens, user=user))
        self.refresh = Rpc(users_pb2.RefreshResponse(tokens=tokens))
        self.logout = Rpc(users_pb2.LogoutResponse())
        self.list_books = Rpc(
            books_pb2.ListBooksResponse(books=[BOOK], paging=PageResponse(page=1, page_size=8, total_size=9))
        )
        self.get_book = Rpc(books_pb2.GetBookResponse(book=BOOK))
        genres = [books_pb2.GenreCount(genre="Classics", count=2)]
        self.list_genres = Rpc(books_pb2.ListGenresResponse(genres=genres, lowest_price="5.00", highest_price="24.90"))
        self.remove_stock = Rpc(books_pb2.RemoveStockResponse(book=BOOK))
        self.place_order = Rpc(orders_pb2.PlaceOrderResponse(order=ORDER))
        self.create_order = Rpc(orders_pb2.CreateOrderResponse(order=ORDER))
        self.get_order = Rpc(orders_pb2.GetOrderResponse(order=ORDER))
        self.list_orders = Rpc(orders_pb2.ListUserOrdersResponse(orders=[ORDER]))
        self.find_pending = Rpc(orders_pb2.FindPendingResponse(order=ORDER))
        self.set_status = Rpc(orders_pb2.SetStatusResponse(order=ORDER))
        self.down: set[str] = set()

    def stubs(self) -> Stubs:
        """The services as the gateway sees them."""
        return Stubs(
            users=_stub(Register=self.register, Login=self.login, Refresh=self.refresh, Logout=self.logout),
            books=_stub(
                ListBooks=self.list_books,
                GetBook=self.get_book,
                ListGenres=self.list_genres,
                RemoveStock=self.remove_stock,
            ),
            orders=_stub(
                PlaceOrder=self.place_order,
                CreateOrder=self.create_order,
                GetOrder=self.get_order,
                ListUserOrders=self.list_orders,
                FindPending=self.find_pending,
                SetStatus=self.set_status,
            ),
            serving=lambda name: name not in self.down,
        )


def config(**settings: str) -> Config:
    """The settings of the tests."""
    return Config.from_env({"JWT_SECRET_KEY": JWT_SECRET, "MESH_SECRET": MESH_SECRET, **settings})


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good access token, but for the given ones."""
    now = int(time.time())
    good = {"sub": "7", "name": "Ada", "iat": now, "exp": now + 900, "type": "access", "sid": SESSION}
    return {name: value for name, value in (good | changed).items() if value is not None}


def bearer(token: str | None = None, **changed: Any) -> dict[str, str]:
    """The header of a shopper."""
    return {"Authorization": f"Bearer {token or jwt.encode(claims(**changed), JWT_SECRET, 'HS256')}"}


def service_bearer(audience: str, caller: str = "worker") -> dict[str, str]:
    """The header of a service."""
    return {"Authorization": f"Bearer {Signer(caller, MESH_SECRET).token(audience, lifetime_seconds=3600)}"}


SESSION = "0b7bb0b4-36f6-4a4e-8d8f-5a1f0e0f8a11"


def _in_a_day() -> Timestamp:
    return Timestamp(seconds=int(time.time()) + 86400)


def _stub(**methods: Callable[..., Message]) -> Any:
    return SimpleNamespace(**methods)
