"""The contracts state one currency, and the shop shows prices in it."""

import re

import pytest

from protos.generate import HERE, sources

pytestmark = pytest.mark.unit


def test_the_contracts_state_the_currency_of_the_shop_once() -> None:
    """A price has no currency of its own, so the contracts and the shop must agree on one."""
    shop = (HERE.parent / "frontend" / "src" / "config" / "shop.ts").read_text("utf-8")
    shown = re.findall(r'CURRENCY = "([A-Z]{3})"', shop)
    stated = [code for path in sources() for code in re.findall(r"ISO 4217 code ([A-Z]{3})", (HERE / path).read_text())]
    assert stated == shown
