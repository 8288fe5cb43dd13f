"""Tables of the catalogue."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import TABLE_OPTIONS, Base
from database.types import Money

APPLIED, REJECTED = "applied", "rejected"
"""Outcomes of a stock movement."""


class Book(Base):
    """A title and its stock.

    `search_text` and `title_key` are derived from the others: what a search looks through and what titles are sorted
    by, folded so that case and accents do not count on any database.
    """

    __tablename__ = "Books"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"), TABLE_OPTIONS)

    book_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    isbn: Mapped[str] = mapped_column("ISBN", String(20), unique=True)
    authors: Mapped[str] = mapped_column(Text)
    publishers: Mapped[str] = mapped_column(String(255))
    format: Mapped[str] = mapped_column(String(50))
    genre: Mapped[str] = mapped_column(String(50), index=True)
    price: Mapped[Decimal] = mapped_column(Money, index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    url: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text)
    title_key: Mapped[str] = mapped_column(String(255), index=True)


class StockMovement(Base):
    """What an order did to the stock. Its key makes sure that it does so once, and that there is such an order."""

    __tablename__ = "StockMovements"
    __table_args__ = (TABLE_OPTIONS,)

    order_id: Mapped[int] = mapped_column(ForeignKey("Orders.order_id"), primary_key=True, autoincrement=False)
    book_id: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
