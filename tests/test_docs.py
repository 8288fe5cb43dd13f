"""Every example in the documents does what they say, against a product that is running."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.certs import write_certificates
from mesh.health import check_url
from tests.examples import Example, read_examples
from tests.harness import DESCRIPTORS, PATIENCE, REST_PORTS, ROOT, Product, free_ports, running

pytestmark = pytest.mark.e2e

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)")
GRPC_PORTS = (50051, 50052, 50053)
OWN_PORT = 50060
"""Of the service that the reader writes."""
END_WHAT_RUNS = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
LONGEST = 120
"""Seconds for all examples of a document."""
SETTINGS = {"ORDER_PROCESSING_SECONDS": "3"}  # long enough for examples that look at a pending order


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A service that speaks to nobody without a certificate, for the one document that is about that."""
    folder = tmp_path_factory.mktemp("encrypted")
    write_certificates(folder / "certs", ("books", "tester"), days=1)
    with running(folder, "books", settings={"MESH_TLS_DIR": str(folder / "certs")}) as started:
        yield started


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, in a folder that looks like a checkout after `make dev`."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "protos", folder / "protos")
    with running(folder, "users", "books", "orders", "worker", "gateway", settings=SETTINGS) as started:
        deadline = time.monotonic() + PATIENCE
        while any(check_url(f"{started.url(port)}/ready") != "200" for port in REST_PORTS):
            assert time.monotonic() < deadline, "the gateway is not ready"
            time.sleep(0.05)
        yield started


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_do_what_is_said(document: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """They run in one shell from top to bottom, as a reader would; none fails, and each prints what is shown."""
    product = request.getfixturevalue("encrypted" if document.name == "SECURITY.md" else "product")
    examples = list(read_examples(document.read_text("utf-8")))
    outputs = [tmp_path / f"{index}.out" for index in range(len(examples))]
    said = run(examples, outputs, product)
    if said:
        failed = examples[sum(output.is_file() for output in outputs) - 1]
        pytest.fail(f"{document.name}, line {failed.line}: {said}")
    for example, output in zip(examples, outputs, strict=True):
        difference = example.differs(output.read_text("utf-8"))
        assert not difference, f"{document.name}, line {example.line}: {difference}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_call_hides_from_being_run(document: Path) -> None:
    """Commands for the product stand in bash blocks only; those that need Docker or `make` cannot be run here."""
    shown = [each for each in document.read_text("utf-8").split("\n```") if not each.startswith(("bash\n", "\n"))]
    assert not [each for each in shown if "\ncurl " in each or "\ngrpcurl " in each]


def run(examples: list[Example], outputs: list[Path], product: Product) -> str:
    """Runs the examples in one shell; answers what the one that failed has said, empty when none has."""
    ports = dict(zip(range(5001, 5006), (product.rest[name] for name in REST_PORTS), strict=True))
    grpc = (int(product.addresses[name].rpartition(":")[2]) for name in DESCRIPTORS)
    ports |= dict(zip(GRPC_PORTS, grpc, strict=True)) | {OWN_PORT: free_ports(1)[0]}
    blocks = [example.command(ports, output) for example, output in zip(examples, outputs, strict=True)]
    path = os.pathsep.join((sysconfig.get_path("scripts"), product.environ["PATH"]))
    imported = os.pathsep.join((str(product.folder / "protos" / "gen"), product.environ["PYTHONPATH"]))
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=END_WHAT_RUNS + "".join(blocks),
        cwd=product.folder,
        env={**product.environ, "PATH": path, "PYTHONPATH": imported},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    return f"status {done.returncode}, {done.stderr}" if done.returncode else ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """To a file that is there, and to a heading in it when the link names one."""
    for path, anchor in LINK.findall(document.read_text("utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
