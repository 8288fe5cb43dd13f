"""Orders that are placed at the same time share a transaction, and nothing else."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from database.engine import AnyRow, Database
from database.tests.rows import add_book, add_user, count
from mesh.errors import MeshError
from svc_orders.placing import Placing, insert_all
from svc_orders.rules import PENDING, Key, NewOrder, StoredOrder
from svc_orders.store import OrderStore, PendingExistsError
from svc_orders.tests.conftest import PATIENCE, wait_until

pytestmark = pytest.mark.integration

NOW = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)
TABLES = "Orders", "Outbox", "IdempotencyKeys"
UNKNOWN = 999_999


class GatedStore(OrderStore):
    """Stores nothing until the gate is open; notes how many orders each transaction was to hold."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self._placed._handover_seconds = PATIENCE

    def _insert(self, placings: Sequence[Placing]) -> list[StoredOrder]:
        self.sizes.append(len(placings))
        assert self.gate.wait(PATIENCE)
        return super()._insert(placings)

    def place_together(self, placings: Sequence[Placing]) -> list[object]:
        """Places them when all are there, and the first alone before; answers what became of each."""

        def place(placing: Placing) -> object:
            try:
                return self.place(placing.order, placing.key, placing.request_id, placing.now)
            except (MeshError, PendingExistsError) as error:
                return error

        with ThreadPoolExecutor(len(placings)) as pool:
            first = pool.submit(place, placings[0])
            wait_until(lambda: self.sizes)
            others = [pool.submit(place, each) for each in placings[1:]]
            wait_until(lambda: self._placed.waiting == len(others))
            self.gate.set()
            return [each.result(PATIENCE) for each in (first, *others)]


def placing(user: int, book: int, number: int, key: str | None = None) -> Placing:
    """Someone who buys copies of a book."""
    order = NewOrder(book, user, Decimal("10.99"), number, PENDING, f"Title {number}", "A. Uthor", "/u")
    return Placing(order, Key(key, "f" * 64) if key else None, f"request-{number}", NOW)


def rows(database: Database, statement: str) -> list[AnyRow]:
    """What a query answers."""
    with database.read() as connection:
        return list(connection.execute(text(statement)).all())


@pytest.fixture
def placings(file_database: Database) -> list[Placing]:
    """Twelve orders of twelve buyers for three books; every second has a key."""
    books = [add_book(file_database) for _ in range(3)]
    return [
        placing(add_user(file_database), books[-number % 3], number, f"key-{number}" if number % 2 else None)
        for number in range(1, 13)
    ]


def test_each_of_many_orders_has_its_own_id_event_and_key(file_database: Database, placings: list[Placing]) -> None:
    """Whatever numbers the database gave them, and in whatever order."""
    with file_database.write() as transaction:
        stored = insert_all(transaction, placings)
        transaction.commit()
    assert len({order.order_id for order in stored}) == len(placings)
    orders = {row.order_id: row for row in rows(file_database, "SELECT * FROM Orders")}
    events = {row.order_id: row for row in rows(file_database, "SELECT * FROM Outbox")}
    keys = {row.order_id: (row.user_id, row.key) for row in rows(file_database, "SELECT * FROM IdempotencyKeys")}
    for asked, order in zip(placings, stored, strict=True):
        row, event = orders[order.order_id], events[order.order_id]
        assert (row.user_id, row.book_id, row.quantity) == (order.user_id, order.book_id, asked.order.quantity)
        assert json.loads(event.payload)["order_id"] == order.order_id
        assert json.loads(event.payload)["title"] == asked.order.title
        assert event.request_id == asked.request_id
    expected = [(each.order.user_id, each.key.text if each.key else None) for each in placings]
    assert [keys.get(order.order_id, (order.user_id, None)) for order in stored] == expected


def test_one_that_cannot_be_stored_takes_all_of_its_transaction_with_it(
    file_database: Database, placings: list[Placing]
) -> None:
    """No order without its event, and no half of a batch."""
    spoiled = [*placings, placing(UNKNOWN, placings[0].order.book_id, 13)]
    with file_database.write() as transaction, pytest.raises(IntegrityError):
        insert_all(transaction, spoiled)
    assert [count(file_database, table) for table in TABLES] == [0, 0, 0]


def test_keys_of_yesterday_are_forgotten_for_all_buyers_of_a_batch(
    file_database: Database, placings: list[Placing]
) -> None:
    """A buyer's old keys go when they buy again; the same key may then be used again."""
    store = OrderStore(file_database)
    keyed = [each for each in placings if each.key]
    for each in keyed:
        order, _ = store.place(each.order, each.key, each.request_id, NOW - timedelta(hours=24))
        store.end(order.order_id, "completed")
    with file_database.write() as transaction:
        insert_all(transaction, keyed)
        transaction.commit()
    assert count(file_database, "IdempotencyKeys") == len(keyed)
    assert count(file_database, "Orders") == 2 * len(keyed)


def test_orders_that_come_while_one_is_stored_share_the_next_transaction(
    file_database: Database, placings: list[Placing]
) -> None:
    """Each buyer gets their own order, and nobody waits for company."""
    store = GatedStore(file_database)
    answers = store.place_together(placings)
    assert store.sizes == [1, len(placings) - 1]
    for asked, answer in zip(placings, answers, strict=True):
        assert isinstance(answer, tuple)
        order, replayed = answer
        assert (order.user_id, order.title, replayed) == (asked.order.user_id, asked.order.title, False)
        assert store.get(order.order_id).title == asked.order.title
    assert [count(file_database, table) for table in TABLES] == [12, 12, 6]


def test_an_order_that_cannot_be_stored_spoils_nobody_elses(file_database: Database, placings: list[Placing]) -> None:
    """An unknown buyer, a pending order in the way, a key that was used: each hears of it, the others buy."""
    standing, _ = OrderStore(file_database).place(placings[1].order, None, "", NOW)
    first, pending, keyed, *good = placings
    again = replace(keyed, request_id="a retry that overtakes")
    store = GatedStore(file_database)
    answers = store.place_together([first, pending, keyed, again, placing(UNKNOWN, first.order.book_id, 13), *good])
    assert store.sizes[:2] == [1, 4 + len(good)]
    in_the_way, one, other, unknown = answers[1:5]
    assert isinstance(in_the_way, PendingExistsError)
    assert in_the_way.order.order_id == standing.order_id
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    assert one[0].order_id == other[0].order_id
    assert sorted((one[1], other[1])) == [False, True]
    assert str(getattr(unknown, "message", "")) == "User or book was not found."
    assert all(isinstance(each, tuple) and not each[1] for each in answers[5:])
    assert [count(file_database, table) for table in TABLES] == [12, 12, 6]


@pytest.mark.parametrize("engine", ["server"])  # SQLite has one lock for all writers: there everybody waits
def test_an_order_that_waits_for_a_lock_holds_up_no_other(file_database: Database) -> None:
    """Somebody keeps a book's row locked: whoever buys another book does not notice."""
    locked, other = add_book(file_database), add_book(file_database)
    buyers = [add_user(file_database) for _ in range(6)]
    store = OrderStore(file_database)

    def buy(user: int, book: int) -> int:
        each = placing(user, book, 1)
        return store.place(each.order, None, "", NOW)[0].order_id

    with ThreadPoolExecutor(6) as pool:
        with file_database.write() as transaction:
            transaction.execute(text("UPDATE Books SET quantity = quantity - 1 WHERE book_id = :id"), {"id": locked})
            stuck = pool.submit(buy, buyers[0], locked)
            wait_until(lambda: store._placed.running and not store._placed.waiting)
            others = [pool.submit(buy, user, other) for user in buyers[1:]]
            assert len({each.result(2) for each in others}) == 5
            assert not stuck.done()
            transaction.commit()
        assert stuck.result(PATIENCE)
