"""Column types that behave in the same way on SQLite, MySQL and MariaDB."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

CENT = Decimal("0.01")


class _SqliteDecimal(UserDefinedType[Decimal]):
    """DECIMAL(10, 2) on SQLite, which has no decimal type.

    SQLite stores the numbers of such a column as 8-byte floats, which are exact for 15 digits; ours have 10. The
    float formatted with two decimals is therefore the decimal that was stored. No arithmetic is done on the float.
    """

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "DECIMAL(10, 2)"

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return lambda value: None if value is None else Decimal(f"{value:.2f}")


class Money(TypeDecorator[Decimal]):
    """An amount of money: a `Decimal` with two decimals in Python, DECIMAL(10, 2) in the database."""

    impl = Numeric(10, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the decimal type of the database, or the replacement for SQLite."""
        return dialect.type_descriptor(_SqliteDecimal() if dialect.name == "sqlite" else Numeric(10, 2))


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC with microseconds; it is stored without a time zone, because MySQL's DATETIME has none."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return DATETIME(6) for MySQL and MariaDB, which round to seconds otherwise."""
        return dialect.type_descriptor(DATETIME(fsp=6) if dialect.name in {"mysql", "mariadb"} else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert to UTC and remove the time zone.

        Raises:
            ValueError: the value has no time zone, so that its meaning is unknown.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            message = "The datetime has no time zone."
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Add the time zone UTC."""
        return None if value is None else value.replace(tzinfo=UTC)
