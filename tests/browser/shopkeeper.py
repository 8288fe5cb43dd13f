"""What happens behind the counter while a test looks at the pages."""

import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import jwt
from sqlalchemy import text

from database.engine import Database
from tests.harness import JWT_SECRET, PROCESS_TIMEOUT_SECONDS, Product, responds


@dataclass(frozen=True)
class Book:
    """A book of the catalogue."""

    book_id: int
    title: str
    price: str

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/books/{self.book_id}"


@dataclass(frozen=True)
class Member:
    """Somebody with an account."""

    user_id: int
    name: str
    email: str
    password: str


class Shopkeeper:
    """Changes stock and prices, and opens accounts. Each test gets a book of its own.

    Args:
        product: the product that runs.
        database: its database.
    """

    def __init__(self, product: Product, database: Database) -> None:
        self.product = product
        self._database = database
        self._numbers = count(1)

    def book(self, stock: int = 20) -> Book:
        """A book that no test has had before."""
        book_id = next(self._numbers)
        self.set_stock(book_id, stock)
        found = self._get("BOOKS_PORT", f"/books/{book_id}")["data"]
        return Book(book_id, found["title"], f"${found['price']:.2f}")

    def set_stock(self, book_id: int, quantity: int) -> None:
        """As when others have bought, or the shelf was filled."""
        self._execute("UPDATE Books SET quantity = :value WHERE book_id = :book_id", book_id=book_id, value=quantity)

    def set_price(self, book_id: int, price: str) -> None:
        """A new price tag."""
        self._execute("UPDATE Books SET price = :value WHERE book_id = :book_id", book_id=book_id, value=price)

    def stock(self, book_id: int) -> int:
        """How many copies there are."""
        return int(self._get("BOOKS_PORT", f"/books/{book_id}")["data"]["quantity"])

    def member(self) -> Member:
        """A new account."""
        number = time.monotonic_ns()
        account = {"username": "Ann Reader", "email": f"ann{number}@example.org", "password": "a good long one"}
        answer = self._post("USERS_PORT", "/register", account)
        return Member(answer["data"]["user_id"], account["username"], account["email"], account["password"])

    def log_in(self, member: Member) -> httpx.Response:
        """The answer with the access token and the cookie."""
        credentials = {"email": member.email, "password": member.password}
        return httpx.post(f"{self.product.url('USERS_PORT')}/login", json=credentials, timeout=PROCESS_TIMEOUT_SECONDS)

    def place_order(self, member: Member, book: Book, quantity: int = 1) -> int:
        """An order that was placed from elsewhere; answers its id."""
        token = self.log_in(member).json()["access_token"]
        body = {"book_id": book.book_id, "quantity": quantity}
        return int(self._post("PLACE_ORDER_PORT", "/placeorder", body, token)["order_id"])

    def orders(self, member: Member) -> list[dict[str, Any]]:
        """All orders of a member, the newest first."""
        return self._orders(self.log_in(member).json()["access_token"])

    def wait_for_end(self, member: Member, status: str) -> None:
        """Returns when the newest order of the member has ended so."""
        token = self.log_in(member).json()["access_token"]
        deadline = time.monotonic() + PROCESS_TIMEOUT_SECONDS
        while (orders := self._orders(token))[0]["status"] != status:
            assert time.monotonic() < deadline, orders
            time.sleep(0.05)

    def expired_token(self, member: Member) -> str:
        """A token such as the member's was a quarter of an hour ago."""
        claims = jwt.decode(self.log_in(member).json()["access_token"], options={"verify_signature": False})
        return jwt.encode({**claims, "exp": int(time.time()) - 60}, JWT_SECRET)

    def stop(self, *names: str) -> None:
        """Ends parts of the product."""
        for name in names:
            self.product.processes.pop(name).stop()

    def start(self, *names: str) -> None:
        """Starts them again, if they do not run, and waits until the gateway has found them."""
        self.product.start(*(name for name in names if name not in self.product.processes))
        deadline = time.monotonic() + PROCESS_TIMEOUT_SECONDS
        while not all(responds(f"{self.product.url(port)}/ready") for port in self.product.rest):
            assert time.monotonic() < deadline, "the gateway has not found them"
            time.sleep(0.05)

    def _orders(self, token: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("DISPLAY_ORDERS_PORT", "/myorders", token)["data"]
        return found

    def _get(self, port: str, path: str, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(self.product.url(port) + path, headers=headers, timeout=PROCESS_TIMEOUT_SECONDS)
        assert answer.is_success, answer.text
        return answer.json()

    def _post(self, port: str, path: str, body: object, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(self.product.url(port) + path, json=body, headers=headers, timeout=PROCESS_TIMEOUT_SECONDS)
        assert answer.is_success, answer.text
        return answer.json()

    def _execute(self, statement: str, **values: object) -> None:
        with self._database.write() as transaction:
            transaction.execute(text(statement), values)
            transaction.commit()
