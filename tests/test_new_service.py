"""`python -m mesh new` creates a service that runs, without a manual edit."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.new.create import TEMPLATES
from mesh.new.insertions import insert, insert_all
from mesh.new.names import spellings
from mesh.new.template import read_template
from registry.rest_ports import REST_PORTS
from registry.services import caller_names, services
from tests.harness import ROOT

TEMPLATE = read_template(ROOT / TEMPLATES)
VALUES = TEMPLATE.values(ROOT, spellings("zebras", None, TEMPLATE.reserved))
BUF = ROOT / "tests" / "tools" / "node_modules" / ".bin" / "buf"
CHECKS = (
    "svc_reviews", "gateway/tests", "registry", "protos/tests", "tests/test_registry_entries.py",
    "tests/test_compose.py", "tests/test_settings.py", "tests/test_objects.py", "tests/test_access.py",
)  # fmt: skip
"""The tests that a new service can break: its own, the gateway's, and those that compare files with the registry."""


@pytest.mark.unit
@pytest.mark.parametrize("insertion", TEMPLATE.insertions, ids=lambda each: f"{each.file}: {each.text.split()[0]}")
def test_every_file_has_a_place_for_a_new_service(insertion: object) -> None:
    """A second insertion changes nothing."""
    (texts,) = insert_all(ROOT, [insertion], VALUES).values()  # type: ignore[list-item] # as the parameter's source says
    assert insert(texts, insertion, VALUES) == texts  # type: ignore[arg-type] # as above


@pytest.mark.unit
def test_names_of_processes_and_ports_are_reserved() -> None:
    """Those of existing services are refused because their folders exist."""
    taken = {entry.name for entry in services()}
    assert caller_names() - taken <= TEMPLATE.reserved
    assert {port.name for port in REST_PORTS if port.name.isalpha()} - taken <= TEMPLATE.reserved


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout's tracked files with a new service."""
    root = tmp_path_factory.mktemp("copy") / "bookstore"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for path in filter(None, listed.stdout.split("\0")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, root / path)
    (root / "frontend" / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    result = run(root, "mesh", "new", "reviews")
    assert result.returncode == 0, result.stdout + result.stderr
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in the copy."""
    path = os.pathsep.join((str(root), str(root / "protos" / "gen")))
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": path}  # noqa: TID251 - a test program's own
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=root, env=environ, capture_output=True, text=True, check=False
    )


def assert_passes(root: Path, *arguments: str) -> None:
    """Run a Python module in the copy; it has to succeed."""
    result = run(root, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.integration
def test_a_new_service_passes_the_unit_tests(copy: Path) -> None:
    """They include the generated ones."""
    assert_passes(copy, "pytest", "-q", "-p", "no:cacheprovider", "-m", "unit", *CHECKS)


@pytest.mark.integration
def test_a_new_service_passes_the_linters(copy: Path) -> None:
    """Style, import rules, and the rules for contracts."""
    assert_passes(copy, "ruff", "check", "svc_reviews", "gateway", "database", "tests")
    assert_passes(copy, "ruff", "format", "--check", "svc_reviews", "gateway", "database", "tests")
    assert_passes(copy, "importlinter.cli", "--no-cache")
    lint = subprocess.run([BUF, "lint"], cwd=copy, capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")


@pytest.mark.integration
def test_a_new_service_can_be_called_through_the_gateway(copy: Path) -> None:
    """Its own tests start it on a SQLite file: over gRPC, and over HTTP with the gateway."""
    assert_passes(copy, "pytest", "-q", "-p", "no:cacheprovider", "svc_reviews/tests/test_service.py", "-k", "sqlite")
    assert_passes(copy, "pytest", "-q", "-p", "no:cacheprovider", "svc_reviews/tests/test_product.py")
