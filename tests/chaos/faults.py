"""Places orders while the broker and the database are killed, and compares orders and stock afterwards."""

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import httpx
import jwt
from sqlalchemy import text

from database.engine import Database, parse_url
from mesh.testing import wait_until
from tests.harness import JWT_SECRET, PROCESS_TIMEOUT_SECONDS, Product, responds

BUYERS = 50
MAX_CONCURRENT_ORDERS = 16
LOW_STOCK, HIGH_STOCK = 5, 100_000
"""Copies of every third book, so that some orders fail, and of the others."""
SECONDS_BETWEEN_FAULTS = 1.0
"""Orders can complete in this time."""
SETTLE_TIMEOUT_SECONDS = 120
RETRY_INTERVAL_SECONDS = 0.2
FINAL_STATUSES = httpx.codes.CREATED, httpx.codes.CONFLICT
"""Accepted, or too few copies left. After any other response the order is sent again with the same key."""


class Server(Protocol):
    """A server that can be killed and started again."""

    def kill(self) -> None:
        """Kill the server."""

    def begin(self) -> None:
        """Start the server with the same data, without waiting."""

    def wait(self) -> None:
        """Wait until the server responds."""


@dataclass(frozen=True)
class Report:
    """The effects of the faults.

    Args:
        faults: number of kills.
        accepted: orders accepted with 201.
        refused: orders refused because too few copies were left.
        retries: requests without a final response.
        completed: orders that got their copies.
        failed: orders that got none.
        lost: accepted orders that are missing.
        double: orders that no client placed, and stock movements without a completed order.
        oversold: books whose stock is negative or does not match the completed orders.
        pending: orders that had not ended two minutes after the last fault.
        seconds: time from the last fault until all orders had ended.
    """

    faults: int
    accepted: int
    refused: int
    retries: int
    completed: int
    failed: int
    lost: int
    double: int
    oversold: int
    pending: int
    seconds: float


class Buyers:
    """Place orders over HTTP, each with its own idempotency key, until each has a final response.

    Args:
        url: base address of the port that accepts orders.
        orders: number of orders.
        books: number of books.
        wait_until_due: waits until the order with this number may be placed.
    """

    def __init__(self, url: str, orders: int, books: int, wait_until_due: Callable[[int], None]) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        self._tokens = [_token(user) for user in range(1, BUYERS + 1)]
        self._pairs = list(itertools.islice(itertools.product(range(1, books + 1), range(BUYERS)), orders))
        self._wait_until_due = wait_until_due
        self.accepted: list[int] = []
        self.refused = 0
        self.retries = 0

    def run(self) -> None:
        """Place all orders, several at once."""
        with self._client, ThreadPoolExecutor(MAX_CONCURRENT_ORDERS) as pool:
            for order_id in pool.map(self._buy, range(len(self._pairs))):
                if order_id is None:
                    self.refused += 1
                else:
                    self.accepted.append(order_id)

    def _buy(self, number: int) -> int | None:
        """Return the order's id, or None when too few copies are left."""
        self._wait_until_due(number)
        book, buyer = self._pairs[number]
        headers = {"Authorization": f"Bearer {self._tokens[buyer]}", "Idempotency-Key": str(uuid.uuid4())}
        while True:
            response = self._send(headers, {"book_id": book, "quantity": 1})
            if response is not None and response.status_code in FINAL_STATUSES:
                return int(response.json()["order_id"]) if response.status_code == httpx.codes.CREATED else None
            self.retries += 1
            time.sleep(RETRY_INTERVAL_SECONDS)  # sooner than Retry-After asks for

    def _send(self, headers: dict[str, str], body: dict[str, int]) -> httpx.Response | None:
        try:
            return self._client.post("/placeorder", json=body, headers=headers)
        except httpx.TransportError:
            return None


class FaultInjector:
    """Kills both servers in turn, also one while the other is down.

    Args:
        broker: the broker.
        database: the database server.
        faults: kills per server.
    """

    def __init__(self, broker: Server, database: Server, faults: int) -> None:
        self._broker = broker
        self._database = database
        self._faults = faults
        self.count = 0
        self.counted = threading.Condition()

    def run(self) -> None:
        """Kill and restart the servers until each has been killed `faults` times."""
        for turn in range(self._faults):
            self._kill(self._broker)
            self._broker.begin()  # takes seconds
            if turn % 2:
                self._broker.wait()
                time.sleep(SECONDS_BETWEEN_FAULTS)
            self._kill(self._database)
            self._database.begin()
            self._database.wait()
            self._broker.wait()
            time.sleep(SECONDS_BETWEEN_FAULTS)

    def progress(self) -> float:
        """Return the share of the kills that have happened, from 0 to 1."""
        return self.count / (2 * self._faults)

    def _kill(self, server: Server) -> None:
        server.kill()
        with self.counted:
            self.count += 1
            self.counted.notify_all()


def order_during_faults(product: Product, broker: Server, database: Server, *, faults: int, orders: int) -> Report:
    """Place orders during faults, and return the report when all orders have ended, or after two minutes."""
    injector = FaultInjector(broker, database, faults)
    tables = Database(parse_url(product.environ["dbURL"]))

    def wait_until_due(number: int) -> None:
        """Spread the orders over the faults: the first ones are placed after the first fault."""
        with injector.counted:
            injector.counted.wait_for(lambda: number < injector.progress() * orders)

    try:
        books = _stock(tables)
        before = _copies(tables)
        buyers = Buyers(product.url("PLACE_ORDER_PORT"), orders, books, wait_until_due)
        with ThreadPoolExecutor(1) as pool:
            buying = pool.submit(buyers.run)
            injector.run()
            last_fault = time.monotonic()
            buying.result()
        while (pending := _count(tables, "pending")) and time.monotonic() < last_fault + SETTLE_TIMEOUT_SECONDS:
            time.sleep(RETRY_INTERVAL_SECONDS)
        seconds = time.monotonic() - last_fault
        return _report(tables, before, buyers, injector, pending, seconds)
    finally:
        tables.close()


def wait_until_open(product: Product) -> None:
    """Wait until orders can be placed.

    Raises:
        AssertionError: the product is not ready in time.
    """
    wait_until(lambda: responds(product.url("PLACE_ORDER_PORT") + "/ready"), PROCESS_TIMEOUT_SECONDS)


def _report(
    database: Database, before: dict[int, int], buyers: Buyers, injector: FaultInjector, pending: int, seconds: float
) -> Report:
    with database.read() as connection:
        orders = {
            order: (book, status)
            for order, book, status in connection.execute(text("SELECT order_id, book_id, status FROM Orders"))
        }
        moved = set(connection.execute(text("SELECT order_id FROM StockMovements WHERE outcome = 'applied'")).scalars())
    after = _copies(database)
    completed = {order for order, (_, status) in orders.items() if status == "completed"}
    bought = Counter(orders[order][0] for order in completed)
    accepted = set(buyers.accepted)
    return Report(
        faults=injector.count,
        accepted=len(accepted),
        refused=buyers.refused,
        retries=buyers.retries,
        completed=len(completed),
        failed=sum(status == "failed" for _, status in orders.values()),
        lost=len(accepted - set(orders)),
        double=len(set(orders) - accepted) + len(buyers.accepted) - len(accepted) + len(moved ^ completed),
        oversold=sum(left < 0 or before[book] - left != bought[book] for book, left in after.items()),
        pending=pending,
        seconds=seconds,
    )


def _stock(database: Database) -> int:
    """Create the buyers, set the stock of every book, and return the number of books."""
    buyer = (
        "INSERT INTO Users (user_id, username, email, password_hash, created_at)"
        " VALUES (:id, 'buyer', :email, 'x', '2026-01-01 00:00:00.000000')"
    )
    rows = [{"id": i, "email": f"buyer{i}@example.org"} for i in range(1, BUYERS + 1)]
    with database.write() as transaction:
        transaction.execute(text(buyer), rows)
        stock = text("UPDATE Books SET quantity = CASE WHEN book_id % 3 = 0 THEN :low ELSE :high END")
        transaction.execute(stock, {"low": LOW_STOCK, "high": HIGH_STOCK})
        books = int(transaction.execute(text("SELECT max(book_id) FROM Books")).scalar_one())
        transaction.commit()
    return books


def _copies(database: Database) -> dict[int, int]:
    with database.read() as connection:
        return {
            int(book): int(copies) for book, copies in connection.execute(text("SELECT book_id, quantity FROM Books"))
        }


def _count(database: Database, status: str) -> int:
    with database.read() as connection:
        result = connection.execute(text("SELECT count(*) FROM Orders WHERE status = :status"), {"status": status})
        return int(result.scalar_one())


def _token(user: int) -> str:
    now = int(time.time())
    claims = {"sub": str(user), "name": "buyer", "type": "access", "iat": now, "exp": now + 86400}
    return jwt.encode(claims, JWT_SECRET, "HS256")
