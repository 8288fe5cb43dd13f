"""Tables of books and stock movements."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import TABLE_OPTIONS, Base
from database.types import Money


class BookRow(Base):
    """A title and its stock.

    `search_text` and `title_key` are derived from the other columns: the text that a search reads, and the sort key
    of the title. Both are folded, so that case and accents do not matter on any database.
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


class StockMovementRow(Base):
    """What an order did to the stock. The key ensures that an order exists, and is counted once.

    The copies of a book that were sold are the sum of `quantity` over its movements with the outcome `applied`.
    """

    __tablename__ = "StockMovements"
    __table_args__ = (TABLE_OPTIONS,)

    order_id: Mapped[int] = mapped_column(ForeignKey("Orders.order_id"), primary_key=True, autoincrement=False)
    book_id: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
