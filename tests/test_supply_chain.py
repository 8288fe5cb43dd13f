"""The software bills of materials list what the images contain, and base images can be pinned to digests."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ROOT

pytestmark = pytest.mark.integration

DIGEST = "sha256:" + "0123456789abcdef" * 4
FILES = ("Dockerfile", "frontend/Dockerfile", "docker-compose.yml")
COMMAND_TIMEOUT_SECONDS = 60


def read(file: Path) -> dict[str, Any]:
    """Return a bill of materials that has what CycloneDX 1.5 requires."""
    bill: dict[str, Any] = json.loads(file.read_text("utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    references = [component["bom-ref"] for component in (bill["metadata"]["component"], *bill["components"])]
    assert len(set(references)) == len(references)
    for component in bill["components"]:
        assert component["type"] in {"library", "application", "framework"}
        assert component["name"]
    for dependency in bill["dependencies"]:
        assert {dependency["ref"], *dependency.get("dependsOn", ())} <= set(references)
    return bill


def names(bill: dict[str, Any]) -> set[str]:
    """Return the packages of a bill with their versions."""
    urls = {component.get("purl", "").partition("?")[0] for component in bill["components"]}
    return {url.replace("%40", "@") for url in urls if url}


def test_the_bills_list_every_locked_package_of_the_images() -> None:
    """They have the versions of the lock files; the second one also has the tools that build the pages."""
    for file in ("python", "frontend"):
        (ROOT / "dist" / f"{file}.cdx.json").unlink(missing_ok=True)
    subprocess.run(
        ["make", "--old-file=dev", "sbom"], cwd=ROOT, check=True, capture_output=True, timeout=COMMAND_TIMEOUT_SECONDS
    )
    python = names(read(ROOT / "dist" / "python.cdx.json"))
    locked = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    versions = {f"pkg:pypi/{package['name']}@{package.get('version')}" for package in locked}
    assert python <= versions
    assert {"pkg:pypi/grpcio", "pkg:pypi/sqlalchemy", "pkg:pypi/pika"} <= {name.partition("@")[0] for name in python}
    assert not [name for name in python if name.startswith(("pkg:pypi/pytest@", "pkg:pypi/mypy@"))]
    frontend = names(read(ROOT / "dist" / "frontend.cdx.json"))
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text("utf-8"))["packages"]
    locked_names = {
        f"pkg:npm/{path.rpartition('node_modules/')[2]}@{package['version']}"
        for path, package in packages.items()
        if path and not package.get("optional")  # of other platforms
    }
    assert locked_names <= frontend
    assert {name for name in frontend if name.startswith(("pkg:npm/react@", "pkg:npm/react-dom@"))}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copies of the files that name images, and a `skopeo` that returns a made-up list of platforms."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(f'#!/bin/sh\n[ "$6" != mysql:0 ] && echo {DIGEST}\n')
    (programs / "docker").chmod(0o755)
    return tmp_path


def pin(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the command with the made-up program first."""
    path = os.pathsep.join((str(checkout / "bin"), "/usr/bin", "/bin"))
    command = [str(ROOT / ".ci" / "pin-images"), str(checkout)]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)


def images(checkout: Path) -> list[str]:
    """Return all images that the files name, except our own."""
    text = "\n".join((checkout / file).read_text("utf-8") for file in FILES)
    found = re.findall(r"^(?:FROM|    image:) +(\S+)", text, re.MULTILINE)
    return [image for image in found if not image.startswith("bookstore")]


@pytest.mark.skipif(shutil.which("skopeo", path="/usr/bin:/bin") is not None, reason="the test simulates docker")
def test_images_are_pinned_to_digests(checkout: Path) -> None:
    """Every image gets one, nothing else changes, and running it again updates them."""
    before = images(checkout)
    assert len(before) == 6
    lines = len((checkout / "Dockerfile").read_text("utf-8").splitlines())
    for _ in range(2):
        completed = pin(checkout)
        assert completed.returncode == 0, completed.stderr
        assert images(checkout) == [f"{image}@{DIGEST}" for image in before]
    assert len((checkout / "Dockerfile").read_text("utf-8").splitlines()) == lines
    assert "AS build" in (checkout / "Dockerfile").read_text("utf-8")
    assert "image: bookstore:${BOOKSTORE_TAG:-local}\n" in (checkout / "docker-compose.yml").read_text("utf-8")


@pytest.mark.skipif(shutil.which("skopeo", path="/usr/bin:/bin") is not None, reason="the test simulates docker")
def test_an_image_without_a_digest_changes_nothing(checkout: Path) -> None:
    """One sentence names it."""
    compose = checkout / "docker-compose.yml"
    compose.write_text(compose.read_text("utf-8").replace("mysql:8.4", "mysql:0"), "utf-8")
    before = images(checkout)
    completed = pin(checkout)
    assert completed.returncode == 1
    assert completed.stderr == "pin-images: the digest of mysql:0 cannot be looked up; no file was changed.\n"
    assert images(checkout) == before
