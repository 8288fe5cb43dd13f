"""The shop's types are made from what the gateway says of itself today."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.integration
def test_the_document_of_the_shop_is_the_gateway_s() -> None:
    """Whoever changes a row runs `make types`, and sees in the shop what it means."""
    printed = subprocess.run([sys.executable, "-m", "gateway.openapi"], cwd=ROOT, capture_output=True, check=True)
    assert printed.stdout == (ROOT / "frontend" / "openapi.json").read_bytes(), "run `make types`"
