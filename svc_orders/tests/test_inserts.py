"""Orders that are placed at the same time share a transaction and nothing else."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError

from database.engine import Database
from database.tests.rows import add_book, add_user, count
from mesh.errors import MeshError
from mesh.pools import Pools
from mesh.testing import wait_until_async
from registry.order_statuses import PENDING
from svc_orders.rules import NewOrder, RequestKey, StatusChange, StoredOrder
from svc_orders.store.inserts import OrderInsert, insert_orders
from svc_orders.store.orders import OrderStore, PendingOrderError, Placement
from svc_orders.store.placer import OrderPlacer

pytestmark = pytest.mark.integration

TEST_TIMEOUT_SECONDS = 30.0
NOW = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)
TABLES = "Orders", "Outbox", "IdempotencyKeys"
UNKNOWN_ID = 999_999


class GatedStore(OrderStore):
    """A store that stores nothing until its gate is open, and records the number of orders in each transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.sizes: list[int] = []
        self.gate = threading.Event()

    def insert_pending(self, inserts: Sequence[OrderInsert]) -> list[StoredOrder]:
        """Store the orders once the gate is open."""
        self.sizes.append(len(inserts))
        assert self.gate.wait(TEST_TIMEOUT_SECONDS)
        return super().insert_pending(inserts)

    def place_together(self, inserts: Sequence[OrderInsert]) -> list[Placement | Exception]:
        """Place the first order, then the others while its transaction runs; return the results and errors."""
        return asyncio.run(self._place_together(inserts))

    async def _place_together(self, inserts: Sequence[OrderInsert]) -> list[Placement | Exception]:
        pools = Pools(write_threads=len(inserts))
        placer = OrderPlacer(self, pools, handover_seconds=TEST_TIMEOUT_SECONDS)

        async def place(each: OrderInsert) -> Placement | Exception:
            try:
                return await placer.place(each.order, each.key, each.request_id, each.now)
            except (MeshError, PendingOrderError) as error:
                return error

        first = asyncio.create_task(place(inserts[0]))
        await until(lambda: self.sizes)
        others = [asyncio.create_task(place(each)) for each in inserts[1:]]
        await until(lambda: placer._batcher.waiting == len(others))
        self.gate.set()
        results = await asyncio.wait_for(asyncio.gather(first, *others), TEST_TIMEOUT_SECONDS)
        pools.close()
        return results


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true."""

    async def is_true() -> bool:
        return bool(condition())

    await wait_until_async(is_true)


def new_insert(user: int, book: int, quantity: int, key: str | None = None) -> OrderInsert:
    """Return an order to insert; its texts contain the quantity."""
    order = NewOrder(book, user, Decimal("10.99"), quantity, PENDING, f"Title {quantity}", "A. Uthor", "/u")
    return OrderInsert(order, RequestKey(key, "f" * 64) if key else None, f"request-{quantity}", NOW)


def rows(database: Database, statement: str) -> list[Row[Any]]:
    """Return the rows of a query."""
    with database.read() as connection:
        return list(connection.execute(text(statement)).all())


@pytest.fixture
def inserts(file_database: Database) -> list[OrderInsert]:
    """Return twelve orders of twelve users for three books; every second one has a key."""
    books = [add_book(file_database) for _ in range(3)]
    return [
        new_insert(add_user(file_database), books[-number % 3], number, f"key-{number}" if number % 2 else None)
        for number in range(1, 13)
    ]


def test_each_order_of_a_batch_has_its_own_id_event_and_key(
    file_database: Database, inserts: list[OrderInsert]
) -> None:
    """The ids are assigned correctly in whatever sequence the database generates them."""
    with file_database.write() as transaction:
        stored = insert_orders(transaction, inserts)
        transaction.commit()
    assert len({order.order_id for order in stored}) == len(inserts)
    orders = {row.order_id: row for row in rows(file_database, "SELECT * FROM Orders")}
    events = {row.order_id: row for row in rows(file_database, "SELECT * FROM Outbox")}
    keys = {row.order_id: (row.user_id, row.key) for row in rows(file_database, "SELECT * FROM IdempotencyKeys")}
    for insert, order in zip(inserts, stored, strict=True):
        row, event = orders[order.order_id], events[order.order_id]
        assert (row.user_id, row.book_id, row.quantity) == (order.user_id, order.book_id, insert.order.quantity)
        assert json.loads(event.payload)["order_id"] == order.order_id
        assert json.loads(event.payload)["title"] == insert.order.title
        assert event.request_id == insert.request_id
    expected = [(each.order.user_id, each.key.text if each.key else None) for each in inserts]
    assert [keys.get(order.order_id, (order.user_id, None)) for order in stored] == expected


def test_an_order_that_cannot_be_stored_rolls_its_whole_batch_back(
    file_database: Database, inserts: list[OrderInsert]
) -> None:
    """No order is stored without its event, and no batch in part."""
    with_error = [*inserts, new_insert(UNKNOWN_ID, inserts[0].order.book_id, 13)]
    with file_database.write() as transaction, pytest.raises(IntegrityError):
        insert_orders(transaction, with_error)
    assert [count(file_database, table) for table in TABLES] == [0, 0, 0]


def test_a_batch_deletes_the_expired_keys_of_its_users(file_database: Database, inserts: list[OrderInsert]) -> None:
    """A user's expired keys are deleted with the next order, which may use the same key again."""
    store = OrderStore(file_database)
    with_keys = [each for each in inserts if each.key]
    for each in with_keys:
        order = store.place(
            replace(each, now=NOW - timedelta(hours=24), event_id=f"earlier {each.event_id}"[:36])
        ).order
        store.set_status(StatusChange(order.order_id, "completed", True), NOW)
    with file_database.write() as transaction:
        insert_orders(transaction, with_keys)
        transaction.commit()
    assert count(file_database, "IdempotencyKeys") == len(with_keys)
    assert count(file_database, "Orders") == 2 * len(with_keys)


def test_orders_that_arrive_during_a_transaction_share_the_next_one(
    file_database: Database, inserts: list[OrderInsert]
) -> None:
    """Each user gets the own order, and the first order does not wait for others."""
    store = GatedStore(file_database)
    results = store.place_together(inserts)
    assert store.sizes == [1, len(inserts) - 1]
    for insert, result in zip(inserts, results, strict=True):
        assert isinstance(result, Placement)
        order = result.order
        assert (order.user_id, order.title, result.replayed) == (insert.order.user_id, insert.order.title, False)
        assert store.get(order.order_id).title == insert.order.title
    assert [count(file_database, table) for table in TABLES] == [12, 12, 6]


def test_an_order_that_cannot_be_stored_does_not_affect_the_others(
    file_database: Database, inserts: list[OrderInsert]
) -> None:
    """An unknown user, a pending order and a used key fail or repeat alone; all other orders are placed."""
    existing = OrderStore(file_database).place(replace(inserts[1], key=None)).order
    first, pending, with_key, *valid = inserts
    repeated = replace(with_key, request_id="a concurrent repetition")
    unknown_user = new_insert(UNKNOWN_ID, first.order.book_id, 13)
    store = GatedStore(file_database)
    results = store.place_together([first, pending, with_key, repeated, unknown_user, *valid])
    assert store.sizes[:2] == [1, 4 + len(valid)]
    conflict, one, other, unknown = results[1:5]
    assert isinstance(conflict, PendingOrderError)
    assert conflict.order.order_id == existing.order_id
    assert isinstance(one, Placement)
    assert isinstance(other, Placement)
    assert one.order.order_id == other.order.order_id
    assert sorted((one.replayed, other.replayed)) == [False, True]
    assert str(getattr(unknown, "message", "")) == "User or book was not found."
    assert all(isinstance(each, Placement) and not each.replayed for each in results[5:])
    assert [count(file_database, table) for table in TABLES] == [12, 12, 6]


@pytest.mark.parametrize("engine", ["server"])  # SQLite has one lock for all writers
def test_an_order_that_waits_for_a_lock_does_not_delay_others(file_database: Database) -> None:
    """While the row of a book is locked, orders for other books are placed."""
    locked, other = add_book(file_database), add_book(file_database)
    users = [add_user(file_database) for _ in range(6)]
    pools = Pools(write_threads=6)
    placer = OrderPlacer(OrderStore(file_database), pools)

    async def buy(user: int, book: int) -> int:
        return (await placer.place(new_insert(user, book, 1).order, None, "", NOW)).order.order_id

    async def buy_all() -> None:
        with file_database.write() as transaction:
            transaction.execute(text("UPDATE Books SET quantity = quantity - 1 WHERE book_id = :id"), {"id": locked})
            blocked = asyncio.create_task(buy(users[0], locked))
            await until(lambda: placer._batcher.running and not placer._batcher.waiting)
            others = [asyncio.create_task(buy(user, other)) for user in users[1:]]
            assert len(set(await asyncio.wait_for(asyncio.gather(*others), 2))) == 5
            assert not blocked.done()
            transaction.commit()
        assert await asyncio.wait_for(blocked, TEST_TIMEOUT_SECONDS)

    asyncio.run(buy_all())
    pools.close()
