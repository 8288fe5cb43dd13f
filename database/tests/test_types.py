"""Amounts of money and times are read exactly as they were stored."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.schema import CreateTable

from database.engine import Database
from database.types import Money, UtcDateTime

THINGS = Table(
    "Things", MetaData(), Column("id", Integer, primary_key=True), Column("price", Money), Column("at", UtcDateTime)
)


def stored(database: Database, **values: object) -> tuple[Decimal | None, datetime | None]:
    """Store a row and return the values that the database returns."""
    with database.write() as transaction:
        THINGS.create(transaction)
        transaction.execute(insert(THINGS), values)
        transaction.commit()
    with database.read() as connection:
        row = connection.execute(select(THINGS.c.price, THINGS.c.at)).one()
    return row.price, row.at


@pytest.mark.parametrize("amount", ["0.10", "0.00", "0.01", "19.99", "24.90", "99999999.99", "10000000.07"])
def test_money_is_exact(any_database: Database, amount: str) -> None:
    """No cent is lost, and both decimals are kept."""
    price, _ = stored(any_database, price=Decimal(amount))
    assert isinstance(price, Decimal)
    assert str(price) == amount


def test_no_money_is_none(any_database: Database) -> None:
    """NULL stays NULL, for amounts and for times."""
    assert stored(any_database, price=None, at=None) == (None, None)


def test_money_is_compared_as_a_number(any_database: Database) -> None:
    """9.99 is less than 10.00, unlike as text."""
    stored(any_database, price=Decimal("9.99"))
    with any_database.read() as connection:
        assert connection.execute(select(THINGS.c.id).where(THINGS.c.price < Decimal("10.00"))).all()


def test_a_time_is_stored_in_utc_with_microseconds(any_database: Database) -> None:
    """A time in another time zone is returned as the same time in UTC."""
    stored_time = datetime(2025, 8, 13, 0, 19, 44, 123456, timezone(timedelta(hours=2)))
    _, at = stored(any_database, at=stored_time)
    assert at == stored_time
    assert at is not None
    assert at.tzinfo is UTC


def test_a_time_without_a_time_zone_is_refused(any_database: Database) -> None:
    """Its meaning is unknown."""
    with pytest.raises(StatementError, match=r"The datetime has no time zone\."):
        stored(any_database, at=datetime(2025, 8, 12))  # noqa: DTZ001 - the mistake itself


@pytest.mark.unit
def test_each_database_has_its_own_column_types() -> None:
    """MySQL stores microseconds and decimals; SQLite's column is declared as the REST contract requires."""
    on_mysql, on_sqlite = (str(CreateTable(THINGS).compile(dialect=d.dialect())) for d in (mysql, sqlite))
    assert "price NUMERIC(10, 2)" in on_mysql
    assert "at DATETIME(6)" in on_mysql
    assert "price DECIMAL(10, 2)" in on_sqlite
