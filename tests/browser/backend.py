"""Changes the data and the processes of the product while a test looks at its pages."""

import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import jwt
from sqlalchemy import text

from database.engine import Database
from mesh.testing import wait_until
from tests.harness import JWT_SECRET, PROCESS_TIMEOUT_SECONDS, Product, responds


@dataclass(frozen=True)
class Book:
    """A book of the catalogue; its price is formatted as on the pages."""

    book_id: int
    title: str
    price: str

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/books/{self.book_id}"


@dataclass(frozen=True)
class User:
    """A user with an account."""

    user_id: int
    name: str
    email: str
    password: str


class Backend:
    """Changes stock and prices, creates accounts and orders, and stops and starts processes.

    Args:
        product: the running product.
        database: its database.
    """

    def __init__(self, product: Product, database: Database) -> None:
        self.product = product
        self._database = database
        self._book_ids = count(1)

    def book(self, stock: int = 20) -> Book:
        """Return a book that no other test uses."""
        book_id = next(self._book_ids)
        self.set_stock(book_id, stock)
        data = self._get("BOOKS_PORT", f"/books/{book_id}")["data"]
        return Book(book_id, data["title"], f"${data['price']:.2f}")

    def set_stock(self, book_id: int, quantity: int) -> None:
        """Set the stock of a book."""
        self._execute("UPDATE Books SET quantity = :value WHERE book_id = :book_id", book_id=book_id, value=quantity)

    def set_price(self, book_id: int, price: str) -> None:
        """Set the price of a book."""
        self._execute("UPDATE Books SET price = :value WHERE book_id = :book_id", book_id=book_id, value=price)

    def stock(self, book_id: int) -> int:
        """Return the stock of a book."""
        return int(self._get("BOOKS_PORT", f"/books/{book_id}")["data"]["quantity"])

    def create_user(self) -> User:
        """Register a new user."""
        number = time.monotonic_ns()
        account = {"username": "Ann Reader", "email": f"ann{number}@example.org", "password": "a good long one"}
        response = self._post("USERS_PORT", "/register", account)
        return User(response["data"]["user_id"], account["username"], account["email"], account["password"])

    def log_in(self, user: User) -> httpx.Response:
        """Return the response with the access token and the refresh cookie."""
        body = {"email": user.email, "password": user.password}
        return httpx.post(f"{self.product.url('USERS_PORT')}/login", json=body, timeout=PROCESS_TIMEOUT_SECONDS)

    def place_order(self, user: User, book: Book, quantity: int = 1) -> int:
        """Place an order without the browser and return its id."""
        body = {"book_id": book.book_id, "quantity": quantity}
        return int(self._post("PLACE_ORDER_PORT", "/placeorder", body, self._token(user))["order_id"])

    def orders(self, user: User) -> list[dict[str, Any]]:
        """Return all orders of a user, the newest first."""
        return self._orders(self._token(user))

    def wait_for_order(self, user: User, status: str) -> None:
        """Wait until the user's newest order has this status."""
        token = self._token(user)
        wait_until(
            lambda: self._orders(token)[0]["status"] == status,
            PROCESS_TIMEOUT_SECONDS,
            lambda: str(self._orders(token)),
        )

    def place_and_complete_order(self, user: User, book: Book) -> None:
        """Place an order and wait until it is completed."""
        self.place_order(user, book)
        self.wait_for_order(user, "completed")

    def expired_token(self, user: User) -> str:
        """Return an access token of the user that has expired a minute ago."""
        claims = jwt.decode(self._token(user), options={"verify_signature": False})
        return jwt.encode({**claims, "exp": int(time.time()) - 60}, JWT_SECRET)

    def stop(self, *names: str) -> None:
        """Stop processes of the product."""
        for name in names:
            self.product.processes.pop(name).stop()

    def start(self, *names: str) -> None:
        """Start the processes that do not run, and wait until every port of the gateway is ready."""
        self.product.start(*(name for name in names if name not in self.product.processes))
        urls = [f"{self.product.url(port)}/ready" for port in self.product.rest]
        wait_until(lambda: all(map(responds, urls)), PROCESS_TIMEOUT_SECONDS)

    def _token(self, user: User) -> str:
        return str(self.log_in(user).json()["access_token"])

    def _orders(self, token: str) -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = self._get("DISPLAY_ORDERS_PORT", "/myorders", token)["data"]
        return orders

    def _get(self, port: str, path: str, token: str = "") -> Any:
        return self._request("GET", port, path, token, None)

    def _post(self, port: str, path: str, body: object, token: str = "") -> Any:
        return self._request("POST", port, path, token, body)

    def _request(self, method: str, port: str, path: str, token: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.product.url(port) + path
        response = httpx.request(method, url, json=body, headers=headers, timeout=PROCESS_TIMEOUT_SECONDS)
        assert response.is_success, response.text
        return response.json()

    def _execute(self, statement: str, **values: object) -> None:
        with self._database.write() as transaction:
            transaction.execute(text(statement), values)
            transaction.commit()
