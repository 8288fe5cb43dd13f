"""Places orders that arrive at the same time in one transaction."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.exc import DataError, IntegrityError

from database.transactions.failures import LockWaitError
from mesh.batching import HANDOVER_SECONDS, AsyncBatcher
from mesh.pools import Pools
from svc_orders.rules import NewOrder, RequestKey, StoredOrder, is_pending
from svc_orders.store.inserts import OrderInsert
from svc_orders.store.orders import OrderStore, Placement


class OrderPlacer:
    """Places orders; a batch of them needs one thread and one transaction.

    Args:
        store: stores the orders.
        pools: the threads of reads and of transactions.
        handover_seconds: how long an order waits for the running transaction before the next one starts.
    """

    def __init__(self, store: OrderStore, pools: Pools, handover_seconds: float = HANDOVER_SECONDS) -> None:
        self._store = store
        self._pools = pools
        self._batcher = AsyncBatcher(self._insert_one, self._insert_many, handover_seconds=handover_seconds)

    async def find_by_key(self, user_id: int, key: RequestKey, now: datetime) -> StoredOrder | None:
        """Return the order that the user placed with the key in the last 24 hours, if there is one.

        Raises:
            FailedPrecondition: the key was used with another request.
        """
        return await self._pools.reads.run(self._store.find_by_key, user_id, key, now)

    async def place(self, order: NewOrder, key: RequestKey | None, request_id: str, now: datetime) -> Placement:
        """Store an order with its event and its key, unless the key has placed it already.

        Orders that arrive at the same time share a transaction. When that transaction fails, its cause may be any of
        them, so each order is then stored alone. An order shares its book's row with the decrements of the stock: while
        another client has locked it, orders for the book run alone as well.

        Raises:
            PendingOrderError: the user has a pending order for the book.
            NotFound: the user or the book does not exist.
            Unavailable: another client has locked the book.
        """
        insert = OrderInsert(order, key, request_id, now)
        if is_pending(order) and not self._store.is_book_locked(order.book_id):
            with suppress(IntegrityError, DataError, LockWaitError):
                return Placement(await self._batcher.submit(insert), replayed=False)
        return await self._pools.writes.run(self._store.place, insert)

    async def _insert_one(self, insert: OrderInsert) -> StoredOrder:
        (order,) = await self._insert_many([insert])
        return order

    async def _insert_many(self, inserts: list[OrderInsert]) -> list[StoredOrder]:
        return await self._pools.writes.run(self._store.insert_pending, inserts)
