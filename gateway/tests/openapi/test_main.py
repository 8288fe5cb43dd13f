"""The shop's types are generated from the current document of the gateway."""

from pathlib import Path

import pytest

from gateway.openapi.__main__ import format_document

DOCUMENT = Path(__file__).resolve().parents[3] / "frontend" / "openapi.json"


@pytest.mark.unit
def test_the_shop_has_the_current_document() -> None:
    """After a change of a route, `make types` updates the document and the shop's types."""
    assert format_document() == DOCUMENT.read_bytes(), "run `make types`"
