"""Pure decisions about orders."""

from decimal import Decimal

import pytest

from mesh.errors import FailedPrecondition
from svc_orders.rules import (
    COMPLETED,
    FAILED,
    PENDING,
    NewOrder,
    check_price,
    check_stock,
    check_transition,
    fingerprint,
)  # fmt: skip

pytestmark = pytest.mark.unit


def order(status: str) -> NewOrder:
    """An order of user 7 for book 3."""
    return NewOrder(3, 7, Decimal("1.00"), 1, status, "t", "a", "u")


@pytest.mark.parametrize("expected", ["", "24.90", "24.9", "024.90"])
def test_the_same_price_in_other_digits_is_the_same(expected: str) -> None:
    """Prices are compared as amounts; a buyer who names none takes any."""
    check_price(expected, "24.90")


@pytest.mark.parametrize("expected", ["24.91", "24", "0", "99999999.99"])
def test_another_price_is_refused_with_todays(expected: str) -> None:
    """The buyer is told what it costs now."""
    with pytest.raises(FailedPrecondition, match=r"^The price has changed\.$") as refused:
        check_price(expected, "24.90")
    assert (refused.value.reason, refused.value.metadata) == ("PRICE_CHANGED", {"price": "24.90"})


def test_the_last_copy_can_be_bought_and_no_more() -> None:
    """The sentence says how many there are."""
    check_stock(3, 3)
    with pytest.raises(FailedPrecondition, match=r"^Only 3 left in stock\.$"):
        check_stock(4, 3)


def test_only_a_pending_order_holds_its_place() -> None:
    """The key that may exist once is the user's and the book's; an order that ended gives it free."""
    assert [order(status).pending_key() for status in (PENDING, COMPLETED, FAILED)] == ["7:3", None, None]


def test_the_end_of_an_order_is_final() -> None:
    """The same end again is no error, another one is."""
    check_transition(1, COMPLETED, COMPLETED)
    with pytest.raises(FailedPrecondition, match=r"^Order 1 has already ended as completed\.$"):
        check_transition(1, COMPLETED, FAILED)


def test_requests_that_differ_have_different_fingerprints() -> None:
    """Every part of the request counts, and parts do not run into each other."""
    prints = {fingerprint(*each) for each in [(1, 11, ""), (11, 1, ""), (1, 1, ""), (1, 1, "1"), (1, 11, "1.00")]}
    assert len(prints) == 5
