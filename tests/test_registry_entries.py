"""Every service of the registry has its entries in the files that cannot derive them."""

import tomllib
from typing import Any

import pytest

from registry.services import ServiceEntry, services
from tests.harness import ROOT

pytestmark = pytest.mark.unit

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
SERVICES = [pytest.param(entry, id=entry.name) for entry in services()]


@pytest.mark.parametrize("entry", SERVICES)
def test_make_run_starts_the_service(entry: ServiceEntry) -> None:
    """The Procfile has a line for it. The compose file is checked in test_compose.py."""
    assert f"{entry.name}: exec python -m {entry.package}" in (ROOT / "Procfile").read_text("utf-8").splitlines()


@pytest.mark.parametrize("entry", SERVICES)
def test_the_image_contains_the_service(entry: ServiceEntry) -> None:
    """Only folders that .dockerignore names get into an image."""
    assert f"!{entry.package}" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("entry", SERVICES)
def test_the_service_is_documented(entry: ServiceEntry) -> None:
    """It has a page, and the index of the documents links to it."""
    page = f"{entry.name.upper()}_API.md"
    assert (ROOT / "docs" / page).exists()
    assert f"({page})" in (ROOT / "docs" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("entry", SERVICES)
def test_the_tools_check_the_service(entry: ServiceEntry) -> None:
    """Pytest runs its tests, mypy checks its types, and import-linter its imports."""
    assert entry.package in PYPROJECT["pytest"]["ini_options"]["testpaths"]
    assert entry.package in PYPROJECT["mypy"]["files"]
    assert entry.package in PYPROJECT["importlinter"]["root_packages"]
    (independence,) = (
        contract for contract in PYPROJECT["importlinter"]["contracts"] if contract["type"] == "independence"
    )
    assert entry.package in independence["modules"]
