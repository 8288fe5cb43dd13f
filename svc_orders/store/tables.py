"""Tables of orders, their events and the idempotency keys."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import TABLE_OPTIONS, Base
from database.types import Money, UtcDateTime


class Order(Base):
    """A purchase of copies of one title.

    `pending_key` contains the user and the book while the order is pending, and is NULL afterwards. It is unique, so
    that on every engine a user has at most one pending order per book.
    """

    __tablename__ = "Orders"
    __table_args__ = (Index("ix_Orders_user_id_order_id", "user_id", "order_id"), TABLE_OPTIONS)

    order_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("Books.book_id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.user_id"))
    price: Mapped[Decimal] = mapped_column(Money)
    quantity: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(20), index=True)
    title: Mapped[str] = mapped_column(String(255))
    authors: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    order_date: Mapped[datetime] = mapped_column(UtcDateTime)
    pending_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class OutboxEvent(Base):
    """The event of an order, written in the same transaction as the order.

    An event waits while `published_at` and `dead_reason` are NULL and `lease_until` has passed. `lease_token` is the
    current lease, NULL when there is none. `leased_at` is the time at which the lease or the delay until `lease_until`
    began, and `dead_at` the time at which the event became a dead letter. `resent` counts how often the event was sent
    again because its order did not end.

    The index has the order in which events are leased, so that a lease reads and locks only the rows that it takes.
    """

    __tablename__ = "Outbox"
    __table_args__ = (
        Index("ix_Outbox_published_at_lease_until_order_id", "published_at", "lease_until", "order_id"),
        TABLE_OPTIONS,
    )

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("Orders.order_id"), unique=True)
    payload: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_reason: Mapped[str | None] = mapped_column(String(255))
    lease_token: Mapped[str | None] = mapped_column(String(36))
    resent: Mapped[int] = mapped_column(Integer, server_default="0")
    leased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PendingReturn(Base):
    """An order that ended without a purchase, until the worker has returned the copies that it may have taken."""

    __tablename__ = "PendingReturns"
    __table_args__ = (TABLE_OPTIONS,)

    order_id: Mapped[int] = mapped_column(ForeignKey("Orders.order_id"), primary_key=True, autoincrement=False)


class IdempotencyKey(Base):
    """The order that a user's key placed, and the fingerprint of the request."""

    __tablename__ = "IdempotencyKeys"
    __table_args__ = (TABLE_OPTIONS,)

    user_id: Mapped[int] = mapped_column(ForeignKey("Users.user_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int] = mapped_column(ForeignKey("Orders.order_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
