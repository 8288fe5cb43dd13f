"""Decisions about orders that need no database."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mesh.errors import FailedPrecondition
from registry.order_statuses import COMPLETED, FAILED, PENDING
from svc_orders.rules import (
    NewOrder,
    StoredOrder,
    check_price,
    check_stock,
    check_transition,
    is_pending,
    pending_key,
    request_fingerprint,
)  # fmt: skip

pytestmark = pytest.mark.unit

NOW = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)


def order(status: str) -> NewOrder:
    """Return an order of user 7 for book 3."""
    return NewOrder(3, 7, Decimal("1.00"), 1, status, "t", "a", "u")


def test_a_stored_order_has_the_fields_of_the_new_one() -> None:
    """Storing adds the id and the date and changes nothing else."""
    stored = order(PENDING).stored(9, NOW)
    assert stored == StoredOrder(
        book_id=3, user_id=7, price=Decimal("1.00"), quantity=1, status=PENDING, title="t", authors="a", url="u",
        order_id=9, order_date=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("expected", ["", "24.90", "24.9", "024.90"])
def test_prices_are_compared_as_amounts(expected: str) -> None:
    """Another notation of the same price is accepted, and so is no expected price."""
    check_price(expected, "24.90")


@pytest.mark.parametrize("expected", ["24.91", "24", "0", "99999999.99"])
def test_another_price_is_refused_with_the_current_one(expected: str) -> None:
    """The error contains the price of the catalogue."""
    with pytest.raises(FailedPrecondition, match=r"^The price has changed\.$") as refused:
        check_price(expected, "24.90")
    assert (refused.value.reason, refused.value.metadata) == ("PRICE_CHANGED", {"price": "24.90"})


def test_the_whole_stock_can_be_bought_and_no_more() -> None:
    """The sentence contains the number of copies that are left."""
    check_stock(3, 3)
    with pytest.raises(FailedPrecondition, match=r"^Only 3 left in stock\.$"):
        check_stock(4, 3)


def test_only_a_pending_order_occupies_its_key() -> None:
    """The key that is unique contains the user and the book; an order that ended frees it."""
    assert [is_pending(order(status)) for status in (PENDING, COMPLETED, FAILED)] == [True, False, False]
    assert pending_key(7, 3) == "7:3"


def test_a_final_status_does_not_change() -> None:
    """The same status again is accepted, another one is refused."""
    check_transition(1, COMPLETED, COMPLETED)
    with pytest.raises(FailedPrecondition, match=r"^Order 1 has already ended as completed\.$"):
        check_transition(1, COMPLETED, FAILED)


def test_different_requests_have_different_fingerprints() -> None:
    """Every part of the request counts, and the parts do not run into each other."""
    requests = [(1, 11, ""), (11, 1, ""), (1, 1, ""), (1, 1, "1"), (1, 11, "1.00")]
    assert len({request_fingerprint(*request) for request in requests}) == 5
