"""Column types that mean the same on SQLite and on MySQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

CENT = Decimal("0.01")


class _SqliteDecimal(UserDefinedType[Decimal]):
    """DECIMAL(10, 2) on SQLite, which has no decimals of its own.

    It stores such a column's numbers as 8-byte floats, exact for 15 digits; ours have 10. So the text of
    a float rounded to cents is the decimal that went in, and no arithmetic is ever done on the float.
    """

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "DECIMAL(10, 2)"

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return lambda value: None if value is None else Decimal(f"{value:.2f}")


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals: Decimal in, Decimal out."""

    impl = Numeric(10, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's own decimals, except where it has none."""
        return dialect.type_descriptor(_SqliteDecimal() if dialect.name == "sqlite" else Numeric(10, 2))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond; stored without a zone, because MySQL's DATETIME has none."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """DATETIME(6) on MySQL and MariaDB, which otherwise round to seconds."""
        return dialect.type_descriptor(DATETIME(fsp=6) if dialect.name in {"mysql", "mariadb"} else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuses a moment without a zone: it could mean anything."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a datetime without a zone"
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Says that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)
