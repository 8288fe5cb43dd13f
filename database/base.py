"""The base class and the metadata of all tables."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

TABLE_OPTIONS: dict[str, Any] = {
    # A binary collation compares in the same way on MySQL, MariaDB and SQLite, and both servers have this one.
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_engine": "InnoDB",
    # Without it, SQLite assigns the id of the newest row again after that row was deleted. Applies to integer keys.
    "sqlite_autoincrement": True,
}


class Base(DeclarativeBase):
    """Base class of all tables; its metadata defines how constraints and indexes are named."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
