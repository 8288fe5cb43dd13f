"""`python -m mesh new` creates a service that runs, without a manual edit."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from mesh.new.create import TEMPLATES
from mesh.new.insertions import insert, insert_all
from mesh.new.names import spellings
from mesh.new.template import Insertion, read_template
from registry.rest_ports import REST_PORTS
from registry.services import caller_names, services
from tests.harness import ROOT

TEMPLATE = read_template(ROOT / TEMPLATES)
VALUES = TEMPLATE.values(ROOT, spellings("zebras", None, TEMPLATE.reserved))
SCRIPTS = Path(sysconfig.get_path("scripts"))
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
CHECKS = (
    "svc_reviews", "gateway/tests", "registry", "protos/tests", "tests/test_registry_entries.py",
    "tests/test_compose.py", "tests/test_settings.py", "tests/test_objects.py", "tests/test_access.py",
)  # fmt: skip
"""The tests that a new service can break: its own, the gateway's, and the comparisons of files with the registry."""


@pytest.mark.unit
@pytest.mark.parametrize("insertion", TEMPLATE.insertions, ids=lambda each: each.file)
def test_every_file_has_a_place_for_a_new_service(insertion: Insertion) -> None:
    """A second insertion changes nothing."""
    (text,) = insert_all(ROOT, [insertion], VALUES).values()
    assert text != (ROOT / insertion.file).read_text("utf-8")
    assert insert(text, insertion, VALUES) == text


@pytest.mark.unit
def test_names_of_processes_and_ports_are_reserved() -> None:
    """Those of existing services are refused because their folders exist."""
    taken = {entry.name for entry in services()}
    assert caller_names() - taken <= TEMPLATE.reserved
    assert {port.name for port in REST_PORTS if port.name.isalpha()} - taken <= TEMPLATE.reserved


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's tracked files with a new service."""
    root = tmp_path_factory.mktemp("copy") / "bookstore"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for path in filter(None, listed.stdout.split("\0")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, root / path)
    for folder in ("frontend", "tests/tools"):
        (root / folder / "node_modules").symlink_to(ROOT / folder / "node_modules")
    run(root, sys.executable, "-m", "mesh", "new", "reviews")
    return root


def run(root: Path, *command: str | Path) -> None:
    """Run a program in the copy; it has to succeed."""
    path = os.pathsep.join((str(root), str(root / "protos" / "gen")))
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": path}  # noqa: TID251 - a test program's own
    result = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.integration
def test_a_new_service_passes_the_unit_tests(copy: Path) -> None:
    """They include the generated ones."""
    run(copy, *PYTEST, "-m", "unit", *CHECKS)


@pytest.mark.integration
def test_a_new_service_passes_the_linters(copy: Path) -> None:
    """These are the rules for style, for imports and for contracts."""
    run(copy, SCRIPTS / "ruff", "check", "svc_reviews", "gateway", "database")
    run(copy, SCRIPTS / "ruff", "format", "--check", "svc_reviews", "gateway", "database", "tests")
    run(copy, SCRIPTS / "lint-imports", "--no-cache")
    run(copy, *PYTEST, "protos/tests/test_buf.py")


@pytest.mark.integration
def test_a_new_service_can_be_called_through_the_gateway(copy: Path) -> None:
    """Its own tests start it on a SQLite file: over gRPC, and over HTTP with the gateway."""
    run(copy, *PYTEST, "svc_reviews/tests/test_service.py", "svc_reviews/tests/test_product.py", "-k", "not server")
