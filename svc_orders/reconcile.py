"""Sends orders again whose event went out and was never heard of."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from database.engine import Database, retry_transaction
from mesh import logs
from svc_orders.models import Order, OutboxEvent
from svc_orders.outbox import Bell
from svc_orders.rules import PENDING

MOST = 1000
"""Orders looked at in one go, those first that have waited longest."""
LOOK_EVERY = 10.0
"""Seconds between two looks, or fewer when orders get little time."""
DOUBLINGS = 10
"""After so many times the wait for the next one grows no more."""

log = logs.get("orders.reconcile")


class Reconciler:
    """Puts the events of pending orders back to those that wait to be sent; doing an order twice changes nothing.

    Each time an order is given twice the time of the time before: one that can never end must not fill the queue.

    Args:
        database: where the events are.
        bell: rung when there is something to send.
        clock: the present, UTC.
        after: how long an order gets before its event counts as lost.
    """

    def __init__(self, database: Database, bell: Bell, clock: Callable[[], datetime], after: timedelta) -> None:
        self._database = database
        self._bell = bell
        self._clock = clock
        self._after = after

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return min(LOOK_EVERY, self._after.total_seconds() / 4)

    @retry_transaction
    def resend(self, queued: int = 0) -> int:
        """Sends again what is overdue; answers how many that were.

        Args:
            queued: messages that wait in the broker's queue. While there are as many as orders are overdue, these are
                late, not lost, and sending them again would only make the queue longer.
        """
        now = self._clock()
        old = (
            select(OutboxEvent.event_id, OutboxEvent.published_at, OutboxEvent.resent)
            .join(Order, Order.order_id == OutboxEvent.order_id)
            .where(Order.status == PENDING, OutboxEvent.published_at <= now - self._after)
            .where(OutboxEvent.dead_reason.is_(None))
            .order_by(OutboxEvent.published_at)
            .limit(MOST)
        )
        with self._database.read() as connection:
            rows = connection.execute(old).all()
        overdue = [row.event_id for row in rows if row.published_at + self._patience(row.resent) <= now]
        if len(overdue) <= queued:
            return 0
        again = update(OutboxEvent).where(OutboxEvent.event_id.in_(overdue), OutboxEvent.published_at.is_not(None))
        with self._database.write() as transaction:
            values = {"published_at": None, "lease_until": now, "lease_token": None, "resent": OutboxEvent.resent + 1}
            transaction.execute(again.values(values))
            transaction.commit()
        self._bell.ring()
        log.warning("sent again", orders=len(overdue))
        return len(overdue)

    def _patience(self, resent: int) -> timedelta:
        return self._after * (1 << min(resent, DOUBLINGS))


class Watch:
    """Looks for lost events where no relay does it: those that a broker had, before it was taken away.

    Args:
        reconciler: sends them again.
    """

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins, whether the database is there or not."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._reconciler.every):
            try:
                self._reconciler.resend()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look comes
                log.warning("not looked", error=type(error).__name__)
