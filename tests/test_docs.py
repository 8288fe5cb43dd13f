"""Every example in the documents works as shown with a running product."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.certs import write_certificates
from mesh.testing.ports import free_ports
from registry.rest_ports import REST_PORTS
from registry.services import services
from tests.examples import Example, read_examples
from tests.harness import DESCRIPTORS, ROOT, Product, running_product
from tests.rest import wait_for_gateway

pytestmark = pytest.mark.e2e

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKING = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)")
OWN_PORT = 50060
"""Port of the example service that the reader writes."""
STOP_BACKGROUND_JOBS = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
DOCUMENT_TIMEOUT_SECONDS = 120
"""Time limit for all examples of one document."""
SETTINGS = {"ORDER_PROCESSING_SECONDS": "3"}  # long enough for the examples that show a pending order


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A service that requires client certificates, for the document about them."""
    folder = tmp_path_factory.mktemp("encrypted")
    write_certificates(folder / "certs", ("books", "tester"), days=1)
    with running_product(folder, "books", settings={"MESH_TLS_DIR": str(folder / "certs")}) as started:
        yield started


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, in a folder that resembles a checkout after `make dev`."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "protos", folder / "protos")
    with running_product(folder, *DESCRIPTORS, "worker", "gateway", settings=SETTINGS) as started:
        wait_for_gateway(started)
        yield started


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_work_as_shown(document: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """They run in one shell from top to bottom; none fails, and each prints what the document shows."""
    product = request.getfixturevalue("encrypted" if document.name == "SECURITY.md" else "product")
    examples = list(read_examples(document.read_text("utf-8")))
    outputs = [tmp_path / f"{index}.out" for index in range(len(examples))]
    error = run(examples, outputs, product)
    if error:
        failed = examples[sum(output.is_file() for output in outputs) - 1]
        pytest.fail(f"{document.name}, line {failed.line}: {error}")
    for example, output in zip(examples, outputs, strict=True):
        difference = example.difference(output.read_text("utf-8"))
        assert not difference, f"{document.name}, line {example.line}: {difference}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_call_is_an_example(document: Path) -> None:
    """Commands for the product appear in bash blocks only; commands that need Docker or `make` cannot run here."""
    blocks = [each for each in document.read_text("utf-8").split("\n```") if not each.startswith(("bash\n", "\n"))]
    assert not [each for each in blocks if "\ncurl " in each or "\ngrpcurl " in each]


def run(examples: list[Example], outputs: list[Path], product: Product) -> str:
    """Run the examples in one shell, and return the error output of the one that failed, or an empty text."""
    ports = {port.default: product.rest[port.variable] for port in REST_PORTS}
    ports |= {entry.default_port: int(product.addresses[entry.name].rpartition(":")[2]) for entry in services()}
    ports |= {OWN_PORT: free_ports(1)[0]}
    blocks = [example.command(ports, output) for example, output in zip(examples, outputs, strict=True)]
    path = os.pathsep.join((sysconfig.get_path("scripts"), product.environ["PATH"]))
    python_path = os.pathsep.join((str(product.folder / "protos" / "gen"), product.environ["PYTHONPATH"]))
    completed = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=STOP_BACKGROUND_JOBS + "".join(blocks),
        cwd=product.folder,
        env={**product.environ, "PATH": path, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=False,
        timeout=DOCUMENT_TIMEOUT_SECONDS,
    )
    return f"status {completed.returncode}, {completed.stderr}" if completed.returncode else ""


@pytest.mark.parametrize("document", LINKING, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_has_a_target(document: Path) -> None:
    """The file exists, and contains the heading when the link names one."""
    for path, anchor in LINK.findall(document.read_text("utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
