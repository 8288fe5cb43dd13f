"""Every service of the registry has its entries in the files that cannot derive them.

`python -m mesh new` writes these entries; each failure says which one is missing. The compose file is also checked in
test_compose.py, and the settings in test_settings.py.
"""

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from registry.services import ServiceEntry, services
from tests.harness import ROOT

pytestmark = pytest.mark.unit

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
SERVICES = [pytest.param(entry, id=entry.name) for entry in services()]


def lines(path: str) -> list[str]:
    """Return the lines of a file."""
    return (ROOT / path).read_text("utf-8").splitlines()


def import_rules() -> Iterator[tuple[str, set[str]]]:
    """Yield each list of modules in the import rules that contains a service, and the name of its rule."""
    settings: dict[str, Any] = PYPROJECT["importlinter"]
    for rule in ({**settings, "name": "root_packages", "contracts": []}, *settings["contracts"]):
        for modules in (value for value in rule.values() if isinstance(value, list)):
            packages = {module for module in modules if module.startswith("svc_") and module.isidentifier()}
            if packages:
                yield rule["name"], packages


@pytest.mark.parametrize("entry", SERVICES)
def test_make_run_starts_the_service(entry: ServiceEntry) -> None:
    """The Procfile has a line for it."""
    line = f"{entry.name}: exec python -m {entry.package}"
    assert line in lines("Procfile"), f"Add the line `{line}` to the Procfile."


@pytest.mark.parametrize("entry", SERVICES)
def test_compose_starts_the_service_before_the_gateway(entry: ServiceEntry) -> None:
    """The gateway waits for it, and knows its address."""
    parts = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    assert entry.name in parts, f"Add the service {entry.name} to docker-compose.yml."
    assert entry.name in parts["gateway"]["depends_on"], f"Add {entry.name} to depends_on of the gateway."
    target = f"dns:///{entry.name}:{entry.default_port}"
    assert parts["gateway"]["environment"].get(entry.target_variable) == target, (
        f"Set {entry.target_variable} of the gateway to {target} in docker-compose.yml."
    )


@pytest.mark.parametrize("entry", SERVICES)
def test_the_image_contains_the_service(entry: ServiceEntry) -> None:
    """Only folders that .dockerignore names get into an image."""
    included = [line[1:] for line in lines(".dockerignore") if line.startswith("!")]
    assert any(fnmatch(entry.package, pattern) for pattern in included), f"Add !{entry.package} to .dockerignore."


@pytest.mark.parametrize("entry", SERVICES)
def test_default_addresses_have_the_port_of_the_contract(entry: ServiceEntry) -> None:
    """The code has the defaults of .env.example, which test_settings.py checks."""
    for variable in (entry.address_variable, entry.target_variable):
        line = f"# {variable}=127.0.0.1:{entry.default_port}"
        assert line in lines(".env.example"), f"Add the line `{line}` to .env.example."


@pytest.mark.parametrize("entry", SERVICES)
def test_the_service_is_documented(entry: ServiceEntry) -> None:
    """It has a page, and the index of the documents links to it."""
    page = f"{entry.name.upper()}_API.md"
    assert (ROOT / "docs" / page).exists(), f"Write docs/{page}."
    assert f"({page})" in (ROOT / "docs" / "README.md").read_text("utf-8"), f"Add a link to {page} to docs/README.md."


@pytest.mark.parametrize("entry", SERVICES)
@pytest.mark.parametrize("path", ["docs/OPERATIONS.md", "docs/SECURITY.md"])
def test_the_service_gets_a_certificate(entry: ServiceEntry, path: str) -> None:
    """Each command that makes certificates for all processes names it."""
    commands = [line.split() for line in lines(path) if " mesh certs --dir " in line and " gateway " in line]
    assert commands
    for command in commands:
        assert entry.name in command, f"Add {entry.name} to the command `mesh certs` in {path}."


@pytest.mark.parametrize("entry", SERVICES)
@pytest.mark.parametrize("tool", ["pytest", "mypy"])
def test_the_tools_find_the_service(entry: ServiceEntry, tool: str) -> None:
    """Pytest runs its tests, and mypy checks its types."""
    patterns = {"pytest": PYPROJECT["pytest"]["ini_options"]["testpaths"], "mypy": PYPROJECT["mypy"]["files"]}[tool]
    assert any(fnmatch(entry.package, pattern) for pattern in patterns), f"Add {entry.package} to the files of {tool}."


@pytest.mark.parametrize("entry", SERVICES)
def test_the_import_rules_hold_for_the_service(entry: ServiceEntry) -> None:
    """Each rule about services names all of them, because import-linter has no pattern for them."""
    rules = list(import_rules())
    assert len(rules) > 5
    for name, packages in rules:
        assert entry.package in packages, f"Add {entry.package} to the import rule {name!r} in pyproject.toml."
