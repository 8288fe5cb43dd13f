"""Statements on events whose message was lost, and on events that wait for too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, bindparam, case, func, or_, select, update

from database.engine import Database, retry_transaction
from database.types import UtcDateTime
from registry.order_statuses import COMPLETED, FAILED, PENDING
from svc_orders.store.event_states import UNSETTLED, WAITING_AGAIN
from svc_orders.store.tables import Order, OutboxEvent, PendingReturn

CLOCK_TOLERANCE = timedelta(seconds=5)
"""A time further ahead than this was stored before the clock was set back. Replicas differ by less."""
NO_ORDER, EVERY_ORDER = 0, 2**63 - 1
"""Limits of order ids: below them is no order, or every order."""
BEFORE, AHEAD = (bindparam(name, type_=UtcDateTime()) for name in ("before", "ahead"))
LIMIT = bindparam("limit", type_=Integer())
OVERDUE = or_(
    and_(
        OutboxEvent.published_at.is_not(None),
        OutboxEvent.dead_reason.is_(None),
        or_(OutboxEvent.published_at <= BEFORE, OutboxEvent.published_at > AHEAD),
    ),
    and_(OutboxEvent.dead_reason.is_not(None), or_(OutboxEvent.dead_at <= BEFORE, OutboxEvent.dead_at > AHEAD)),
)
LOST = or_(
    OutboxEvent.dead_reason.is_not(None),
    and_(OutboxEvent.resent == 0, OutboxEvent.order_id < bindparam("first_below")),
    and_(OutboxEvent.resent > 0, OutboxEvent.order_id < bindparam("resent_below")),
)
OF_PENDING_ORDERS = select(OutboxEvent.event_id).join(Order, Order.order_id == OutboxEvent.order_id)
OF_PENDING_ORDERS = OF_PENDING_ORDERS.where(Order.status == PENDING, OVERDUE).limit(LIMIT)
OF_RETURNS = select(OutboxEvent.event_id).join(PendingReturn, PendingReturn.order_id == OutboxEvent.order_id)
OF_RETURNS = OF_RETURNS.where(OVERDUE).limit(LIMIT)
SELECT_LOST = OF_RETURNS.where(LOST), OF_PENDING_ORDERS.where(LOST).order_by(Order.order_id)
SELECT_OLDEST = tuple(select_.order_by(OutboxEvent.published_at) for select_ in (OF_RETURNS, OF_PENDING_ORDERS))
NEWEST_ENDED = (
    select(Order.order_id)
    .join(OutboxEvent, OutboxEvent.order_id == Order.order_id)
    .where(Order.status == bindparam("status"), OutboxEvent.resent == 0, OutboxEvent.published_at.is_not(None))
    .order_by(Order.order_id.desc())
    .limit(1)
)
UPDATE_RESENT = (
    update(OutboxEvent)
    .where(OutboxEvent.event_id.in_(bindparam("ids", expanding=True)))
    .where(or_(OutboxEvent.published_at.is_not(None), OutboxEvent.dead_reason.is_not(None)))
    .values(**WAITING_AGAIN, resent=OutboxEvent.resent + 1)
)
SELECT_LEASED_AHEAD = select(OutboxEvent.event_id).where(
    *UNSETTLED,
    OutboxEvent.lease_until > bindparam("now"),
    func.coalesce(OutboxEvent.leased_at, OutboxEvent.lease_until) > AHEAD,
)
END_LEASES = (
    update(OutboxEvent)
    .where(OutboxEvent.event_id.in_(bindparam("ids", expanding=True)), *UNSETTLED)
    .values(lease_until=bindparam("now"))
)
WAITING_SINCE = case((OutboxEvent.resent == 0, Order.order_date), else_=OutboxEvent.lease_until)
COUNT_STALE = (
    select(func.count(), func.min(WAITING_SINCE, type_=Order.order_date.type))
    .select_from(OutboxEvent)
    .join(Order, Order.order_id == OutboxEvent.order_id)
    .where(*UNSETTLED, WAITING_SINCE <= BEFORE)
)


@dataclass(frozen=True, slots=True)
class StaleEvents:
    """Events that no consumer has settled for a long time.

    Args:
        count: their number.
        since: time from which the oldest one waits; None when there are none.
    """

    count: int
    since: datetime | None


class LostEventStore:
    """Finds the events that have to be sent again, and lets them wait for a consumer.

    An event is overdue when it was published, or became a dead letter, longer than `overdue_after` ago and its order
    has not ended. A time in the future counts as long ago: it was stored before the clock was set back.

    Args:
        database: where the events are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_lost(
        self, overdue_after: timedelta, now: datetime, limit: int, *, first_is_empty: bool, resent_is_empty: bool
    ) -> list[str]:
        """Return the overdue events whose message no consumer will get, those of the oldest orders first.

        These are the ones in whose queue no message waits. In the queue of first messages, which consumers take in
        the sequence of the orders, they are also the ones before an order that has ended.

        Args:
            overdue_after: age from which an event is overdue.
            now: the current time.
            limit: maximum number of events.
            first_is_empty: whether no message waits that was sent for the first time.
            resent_is_empty: whether no message waits that was sent again.
        """
        with self._database.read() as connection:
            parameters = {
                "first_below": EVERY_ORDER if first_is_empty else _newest_ended(connection),
                "resent_below": EVERY_ORDER if resent_is_empty else NO_ORDER,
                **_parameters(overdue_after, now, limit),
            }
            return _select_events(connection, SELECT_LOST, parameters)

    def find_oldest(self, overdue_after: timedelta, now: datetime, limit: int) -> list[str]:
        """Return the overdue events that were sent first, whether they are lost or late."""
        with self._database.read() as connection:
            return _select_events(connection, SELECT_OLDEST, _parameters(overdue_after, now, limit))

    @retry_transaction(idempotent=True)
    def resend(self, event_ids: Sequence[str], now: datetime) -> None:
        """Let events wait again, so that they are sent once more."""
        with self._database.write() as transaction:
            transaction.execute(UPDATE_RESENT, {"ids": event_ids, "now": now})
            transaction.commit()

    def end_leases_ahead(self, now: datetime) -> int:
        """End the leases and delays that began in the future, before the clock was set back; return their number."""
        with self._database.read() as connection:
            parameters = {"now": now, "ahead": now + CLOCK_TOLERANCE}
            event_ids = connection.execute(SELECT_LEASED_AHEAD, parameters).scalars().all()
        if event_ids:
            self._end_leases(event_ids, now)
        return len(event_ids)

    def count_stale(self, before: datetime) -> StaleEvents:
        """Return how many events have been waiting since this time, whether or not another client has locked them."""
        with self._database.read() as connection:
            return StaleEvents(*connection.execute(COUNT_STALE, {"before": before}).one())

    @retry_transaction(idempotent=True)
    def _end_leases(self, event_ids: Sequence[str], now: datetime) -> None:
        with self._database.write() as transaction:
            transaction.execute(END_LEASES, {"ids": event_ids, "now": now})
            transaction.commit()


def _parameters(overdue_after: timedelta, now: datetime, limit: int) -> dict[str, Any]:
    return {"before": now - overdue_after, "ahead": now + CLOCK_TOLERANCE, "limit": limit}


def _select_events(connection: Connection, statements: Sequence[Select[str]], parameters: dict[str, Any]) -> list[str]:
    events = [event for each in statements for event in connection.execute(each, parameters).scalars()]
    return events[: parameters["limit"]]


def _newest_ended(connection: Connection) -> int:
    """Return the newest order that ended after its first message, or 0."""
    newest = (connection.execute(NEWEST_ENDED, {"status": status}).scalar() for status in (COMPLETED, FAILED))
    return max(order_id or NO_ORDER for order_id in newest)
