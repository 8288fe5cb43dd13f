"""Reads orders from the rows of the database."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from svc_orders.rules import StoredOrder
from svc_orders.store.tables import Order

ORDER_COLUMNS = tuple(getattr(Order, field.name) for field in fields(StoredOrder))
"""The columns of an order, in the sequence of the fields of StoredOrder."""


def order_from_row(row: Sequence[Any]) -> StoredOrder:
    """Return the order in a row that begins with ORDER_COLUMNS."""
    return StoredOrder(*row[: len(ORDER_COLUMNS)])
