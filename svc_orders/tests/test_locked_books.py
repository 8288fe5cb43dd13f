"""Another client that keeps a book's row locked, or a connection that is lost at COMMIT, on a real server."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from database.engine import Database
from database.options import ConnectionOptions
from database.tests.rows import add_book, add_order, add_user, count, lock_book
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import Unavailable
from mesh.pools import Pools
from registry.order_statuses import COMPLETED, PENDING
from svc_orders.rules import NewOrder, RequestKey, StatusChange
from svc_orders.store.orders import OrderStore, Placement
from svc_orders.store.placer import OrderPlacer
from tests.servers.commit_proxy import CommitFault, CommitProxy

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("engine", ["server"], indirect=True)]

CALL_SECONDS = 1.9
"""Time for one lock wait in a batch, and for the beginning of another one alone."""
NOW = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)


def place(store: OrderStore, user: int, book: int, key: str | None = None) -> Placement:
    """Place an order for one copy, as a service does."""
    order = NewOrder(book, user, Decimal("10.99"), 1, PENDING, "Title", "A. Uthor", "/u")
    request_key = RequestKey(key, "f" * 64) if key else None

    async def place_once() -> Placement:
        current_call.set(CallContext(deadline=deadline_after(CALL_SECONDS)))
        pools = Pools()
        try:
            return await OrderPlacer(store, pools).place(order, request_key, "request", NOW)
        finally:
            pools.close()

    return asyncio.run(place_once())


def assert_locked(call: Callable[[], object]) -> None:
    """Check that a call fails because of a locked row."""
    with pytest.raises(Unavailable) as refused:
        call()
    assert refused.value.reason == "ROW_LOCKED"


def test_a_locked_book_does_not_delay_orders_for_others(file_database: Database) -> None:
    """Its foreign key lets an order wait for the book; later ones for it join no batch, and all can be read."""
    locked, other = add_book(file_database), add_book(file_database)
    one, two = add_user(file_database), add_user(file_database)
    store = OrderStore(file_database)
    with file_database.write() as holder:
        lock_book(holder, locked)
        assert_locked(lambda: place(store, one, locked))
        assert store.is_book_locked(locked)
        assert place(store, one, other).order.order_id
        assert store.find_pending(one, locked) is None
        assert store.find_pending(one, other) is not None
    assert place(store, two, locked).order.order_id


def test_a_locked_order_does_not_delay_the_status_of_others(file_database: Database) -> None:
    """The batch with it is refused, and the other order ends alone."""
    book, user = add_book(file_database), add_user(file_database)
    orders = [add_order(file_database, user if each else add_user(file_database), book, PENDING) for each in range(2)]
    changes = [StatusChange(order, COMPLETED, stock_settled=True) for order in orders]
    store = OrderStore(file_database)
    with file_database.write() as holder:
        holder.exec_driver_sql(f"UPDATE Orders SET title = 'x' WHERE order_id = {orders[0]}")  # noqa: S608 - a number
        assert_locked(lambda: store.set_statuses(changes, NOW))
        assert store.set_status(changes[1], NOW).status == COMPLETED


@pytest.mark.parametrize("key", [None, "key"])
@pytest.mark.parametrize("fault", CommitFault)
def test_a_failed_commit_places_the_order_once(file_database: Database, fault: CommitFault, key: str | None) -> None:
    """The order is found by its event when its COMMIT was stored, and reported as new."""
    book, user = add_book(file_database), add_user(file_database)
    with CommitProxy(int(file_database.url.port or 0)) as proxy:
        database = Database(file_database.url.set(host="127.0.0.1", port=proxy.port), ConnectionOptions(tls="off"))
        proxy.fault = fault
        placement = place(OrderStore(database), user, book, key)
        assert (proxy.faults, placement.replayed) == (1, False)
        database.close()
    assert OrderStore(file_database).find_pending(user, book) == placement.order
    assert count(file_database, "Orders") == 1
    assert count(file_database, "Outbox") == 1
