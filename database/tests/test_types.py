"""Money and moments come back exactly as they went in."""

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
    """What comes back of a row."""
    with database.write() as transaction:
        THINGS.create(transaction)
        transaction.execute(insert(THINGS), values)
        transaction.commit()
    with database.read() as connection:
        row = connection.execute(select(THINGS.c.price, THINGS.c.at)).one()
    return row.price, row.at


@pytest.mark.parametrize("amount", ["0.10", "0.00", "0.01", "19.99", "24.90", "99999999.99", "10000000.07"])
def test_money_is_exact(any_database: Database, amount: str) -> None:
    """Not a cent is lost, and both decimals are there."""
    price, _ = stored(any_database, price=Decimal(amount))
    assert isinstance(price, Decimal)
    assert str(price) == amount


def test_no_money_is_none(any_database: Database) -> None:
    """NULL stays NULL, for money as for moments."""
    assert stored(any_database, price=None, at=None) == (None, None)


def test_money_is_compared_as_a_number(any_database: Database) -> None:
    """9.99 is less than 10.00, which texts would deny."""
    stored(any_database, price=Decimal("9.99"))
    with any_database.read() as connection:
        assert connection.execute(select(THINGS.c.id).where(THINGS.c.price < Decimal("10.00"))).all()


def test_a_moment_is_utc_to_the_microsecond(any_database: Database) -> None:
    """A moment of another zone comes back as the same moment in UTC."""
    moment = datetime(2025, 8, 13, 0, 19, 44, 123456, timezone(timedelta(hours=2)))
    _, at = stored(any_database, at=moment)
    assert at == moment
    assert at is not None
    assert at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(any_database: Database) -> None:
    """It could mean anything."""
    with pytest.raises(StatementError, match="a datetime without a zone"):
        stored(any_database, at=datetime(2025, 8, 12))  # noqa: DTZ001 - the mistake itself


@pytest.mark.unit
def test_each_engine_has_its_own_columns() -> None:
    """MySQL keeps microseconds and real decimals; SQLite's column is declared as the contract says."""
    on_mysql, on_sqlite = (str(CreateTable(THINGS).compile(dialect=d.dialect())) for d in (mysql, sqlite))
    assert "price NUMERIC(10, 2)" in on_mysql
    assert "at DATETIME(6)" in on_mysql
    assert "price DECIMAL(10, 2)" in on_sqlite
