"""People buy while broker and database are killed again and again; afterwards the books have to balance."""

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
from tests.harness import JWT_SECRET, PATIENCE, Product

BUYERS = 50
AT_ONCE = 16
FEW, PLENTY = 5, 100_000
"""Copies of every third book, so that some orders must fail, and of the others."""
CALM = 1.0
"""Seconds between two faults, in which orders can go through."""
SETTLED = httpx.codes.CREATED, httpx.codes.CONFLICT
"""An order's final answers: accepted, or too few copies left. Everything else is asked again under the same key."""


class Server(Protocol):
    """What can be killed."""

    def kill(self) -> None:
        """Ends it without a warning."""

    def begin(self) -> None:
        """Starts it on the same data."""

    def wait(self) -> None:
        """Waits until it answers."""


@dataclass(frozen=True)
class Toll:
    """What the storm did.

    Args:
        faults: servers killed.
        accepted: orders accepted with 201.
        refused: orders refused, because there were too few copies left.
        asked_again: requests that got no final answer.
        completed: orders that got their copies.
        failed: orders that got none.
        lost: accepted orders that are not there any more.
        double: orders that nobody placed, and copies taken without an order that got them.
        oversold: books with fewer copies than none, or with other copies than were bought.
        pending: orders that had not ended two minutes after the last fault.
        seconds: from the last fault until all had ended.
    """

    faults: int
    accepted: int
    refused: int
    asked_again: int
    completed: int
    failed: int
    lost: int
    double: int
    oversold: int
    pending: int
    seconds: float


class Buying:
    """Places orders over HTTP, each under a key of its own, until each has a final answer.

    Args:
        url: of the port that takes orders.
        orders: how many.
        may_begin: waits until the order of that number is due.
    """

    def __init__(self, url: str, orders: int, books: int, may_begin: Callable[[int], None]) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        self._tokens = [_token(user) for user in range(1, BUYERS + 1)]
        self._pairs = list(itertools.islice(itertools.product(range(1, books + 1), range(BUYERS)), orders))
        self._may_begin = may_begin
        self.accepted: list[int] = []
        self.refused = 0
        self.asked_again = 0

    def run(self) -> None:
        """Buys all, several at once."""
        with self._client, ThreadPoolExecutor(AT_ONCE) as pool:
            for answered in pool.map(self._buy, range(len(self._pairs))):
                if answered is None:
                    self.refused += 1
                else:
                    self.accepted.append(answered)

    def _buy(self, number: int) -> int | None:
        """The order's id, or none when there are too few copies."""
        self._may_begin(number)
        book, buyer = self._pairs[number]
        headers = {"Authorization": f"Bearer {self._tokens[buyer]}", "Idempotency-Key": str(uuid.uuid4())}
        while True:
            answer = self._ask(headers, {"book_id": book, "quantity": 1})
            if answer is not None and answer.status_code in SETTLED:
                return int(answer.json()["order_id"]) if answer.status_code == httpx.codes.CREATED else None
            self.asked_again += 1
            threading.Event().wait(0.2)  # as Retry-After says, if sooner

    def _ask(self, headers: dict[str, str], body: dict[str, int]) -> httpx.Response | None:
        try:
            return self._client.post("/placeorder", json=body, headers=headers)
        except httpx.TransportError:
            return None


class Storm:
    """Kills both servers in turn, also one while the other is down.

    Args:
        broker: one.
        database: the other.
        faults: how often each is killed.
    """

    def __init__(self, broker: Server, database: Server, faults: int) -> None:
        self._broker = broker
        self._database = database
        self._faults = faults
        self.begun = 0
        self.changed = threading.Condition()

    def rage(self) -> None:
        """Runs until every server has been killed often enough, and is back."""
        for turn in range(self._faults):
            self._kill(self._broker)
            self._broker.begin()  # it takes seconds
            if turn % 2:
                self._broker.wait()
                time.sleep(CALM)
            self._kill(self._database)
            self._database.begin()
            self._database.wait()
            self._broker.wait()
            time.sleep(CALM)

    def share(self) -> float:
        """How much of it has begun, from 0 to 1."""
        return self.begun / (2 * self._faults)

    def _kill(self, server: Server) -> None:
        server.kill()
        with self.changed:
            self.begun += 1
            self.changed.notify_all()


def weather(product: Product, broker: Server, database: Server, *, faults: int, orders: int) -> Toll:
    """Lets people buy during a storm; answers the toll when all is quiet, or two minutes after the last fault."""
    storm = Storm(broker, database, faults)
    opened = Database(parse_url(product.environ["dbURL"]))

    def due(number: int) -> None:
        """Orders are spread over the faults: the first ones come with the first."""
        with storm.changed:
            storm.changed.wait_for(lambda: number < storm.share() * orders)

    try:
        books = _stock(opened)
        before = _copies(opened)
        buying = Buying(product.url("PLACE_ORDER_PORT"), orders, books, due)
        with ThreadPoolExecutor(1) as pool:
            bought = pool.submit(buying.run)
            storm.rage()
            last_fault = time.monotonic()
            bought.result()
        while (pending := _count(opened, "pending")) and time.monotonic() < last_fault + 120:
            time.sleep(0.2)
        seconds = time.monotonic() - last_fault
        return _balance(opened, before, buying, storm, pending, seconds)
    finally:
        opened.close()


def wait_until_open(product: Product) -> None:
    """Returns when orders can be placed.

    Raises:
        AssertionError: when that does not happen.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx.get(product.url("PLACE_ORDER_PORT") + "/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "the shop does not open"
        time.sleep(0.05)


def _balance(
    database: Database, before: dict[int, int], buying: Buying, storm: Storm, pending: int, seconds: float
) -> Toll:
    with database.read() as connection:
        orders = {
            order: (book, status)
            for order, book, status in connection.execute(text("SELECT order_id, book_id, status FROM Orders"))
        }
        moved = set(connection.execute(text("SELECT order_id FROM StockMovements WHERE outcome = 'applied'")).scalars())
    after = _copies(database)
    completed = {order for order, (_, status) in orders.items() if status == "completed"}
    bought = Counter(orders[order][0] for order in completed)
    accepted = set(buying.accepted)
    return Toll(
        faults=storm.begun,
        accepted=len(accepted),
        refused=buying.refused,
        asked_again=buying.asked_again,
        completed=len(completed),
        failed=sum(status == "failed" for _, status in orders.values()),
        lost=len(accepted - set(orders)),
        double=len(set(orders) - accepted) + len(buying.accepted) - len(accepted) + len(moved ^ completed),
        oversold=sum(left < 0 or before[book] - left != bought[book] for book, left in after.items()),
        pending=pending,
        seconds=seconds,
    )


def _stock(database: Database) -> int:
    """Makes buyers, and gives every book its copies; answers how many books there are."""
    buyer = (
        "INSERT INTO Users (user_id, username, email, password_hash, created_at)"
        " VALUES (:id, 'buyer', :email, 'x', '2026-01-01 00:00:00.000000')"
    )
    rows = [{"id": i, "email": f"buyer{i}@example.org"} for i in range(1, BUYERS + 1)]
    with database.write() as transaction:
        transaction.execute(text(buyer), rows)
        stock = text("UPDATE Books SET quantity = CASE WHEN book_id % 3 = 0 THEN :few ELSE :plenty END")
        transaction.execute(stock, {"few": FEW, "plenty": PLENTY})
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
        counted = connection.execute(text("SELECT count(*) FROM Orders WHERE status = :status"), {"status": status})
        return int(counted.scalar_one())


def _token(user: int) -> str:
    now = int(time.time())
    claims = {"sub": str(user), "name": "buyer", "type": "access", "iat": now, "exp": now + 86400}
    return jwt.encode(claims, JWT_SECRET, "HS256")
