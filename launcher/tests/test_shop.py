"""The shop is built when it has to be, and only then; what is missing for it is one sentence."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from launcher.shop import FOLDER, NODE, SOURCE_FOLDERS, SOURCES, NotBuiltError, build, is_built

pytestmark = pytest.mark.integration


class Workshop:
    """A small shop, with programs that write down how they were called instead of real ones.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.shop, self.programs, self.calls = folder / "shop", folder / "programs", folder / "calls"
        self.said: list[str] = []
        for name in (*SOURCES, "src/main.tsx", "src/main.test.tsx", "public/a.svg", "scripts/compress.mjs"):
            (self.shop / name).parent.mkdir(parents=True, exist_ok=True)
            (self.shop / name).write_text(name)
        self.programs.mkdir()
        self.install("node", "echo v20.19.0")
        self.install(
            "npm", 'mkdir -p node_modules dist; echo "$*" >> ../calls; case $1 in run) echo x > dist/index.html;; esac'
        )

    def install(self, name: str, script: str) -> None:
        """Puts a program on the path."""
        file = self.programs / name
        file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        file.chmod(0o755)

    def build(self) -> list[str]:
        """Builds; answers how npm was called."""
        self.calls.write_text("")
        build({"PATH": str(self.programs)}, self.said.append, self.shop)
        return [line.split()[0] for line in self.calls.read_text().splitlines()]

    def refusal(self) -> str:
        """The sentence that a build fails with."""
        with pytest.raises(NotBuiltError) as refused:
            self.build()
        return str(refused.value)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A shop that was never built."""
    return Workshop(tmp_path)


def test_the_first_time_everything_is_brought(workshop: Workshop) -> None:
    """The packages, then the build; both are announced, as they take a while."""
    assert not is_built(workshop.shop)
    assert workshop.build() == ["ci", "run"]
    assert is_built(workshop.shop)
    assert [line.split()[0] for line in workshop.said] == ["Installing", "Building"]


def test_the_second_time_nothing_is_done(workshop: Workshop) -> None:
    """Not even Node is looked for."""
    workshop.build()
    shutil.rmtree(workshop.programs)
    assert workshop.build() == []


@pytest.mark.parametrize("name", ["src/main.tsx", "public/a.svg", "index.html", "package.json", "scripts/compress.mjs"])
def test_a_changed_source_is_built_with_the_packages_that_are_there(workshop: Workshop, name: str) -> None:
    """Only the lock brings packages anew."""
    workshop.build()
    (workshop.shop / name).write_text("changed")
    assert workshop.build() == ["run"]


def test_new_and_removed_sources_count_too(workshop: Workshop) -> None:
    """So does a rename that changes no byte."""
    workshop.build()
    (workshop.shop / "src" / "main.tsx").rename(workshop.shop / "src" / "other.tsx")
    assert workshop.build() == ["run"]


def test_a_changed_test_needs_no_build(workshop: Workshop) -> None:
    """Tests are no part of the pages."""
    workshop.build()
    (workshop.shop / "src" / "main.test.tsx").write_text("changed")
    assert workshop.build() == []


def test_a_changed_lock_brings_the_packages(workshop: Workshop) -> None:
    """And builds with them."""
    workshop.build()
    (workshop.shop / "package-lock.json").write_text("changed")
    assert workshop.build() == ["ci", "run"]


def test_a_build_that_was_deleted_is_made_again(workshop: Workshop) -> None:
    """Although its sources are the same."""
    workshop.build()
    shutil.rmtree(workshop.shop / "dist")
    assert workshop.build() == ["run"]


@pytest.mark.parametrize("name", ["node", "npm"])
def test_a_missing_program_is_one_sentence(workshop: Workshop, name: str) -> None:
    """It says what to install."""
    (workshop.programs / name).unlink()
    expected = rf"The program {name} was not found: install Node\.js 20\.19 or newer from https://nodejs\.org to .+\."
    assert re.fullmatch(expected, workshop.refusal())


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v4.9.1"])
def test_an_old_node_is_one_sentence(workshop: Workshop, version: str) -> None:
    """With both versions."""
    workshop.install("node", f"echo {version}")
    assert workshop.refusal().startswith(f"Node.js {version} is too old: install Node.js 20.19 or newer ")


@pytest.mark.parametrize("version", ["v20.19.0", "v22.0.1", "v100.1.0"])
def test_a_newer_node_will_do(workshop: Workshop, version: str) -> None:
    """Versions are compared by number, not by letter."""
    workshop.install("node", f"echo {version}")
    assert workshop.build() == ["ci", "run"]


def test_a_failed_build_is_shown_and_tried_again(workshop: Workshop, capfd: pytest.CaptureFixture[str]) -> None:
    """What npm said stands above the sentence; the next start does not take it for done."""
    workshop.install("npm", "echo the reason; mkdir -p node_modules; exit 1")
    assert workshop.refusal() == "The shop's pages could not be built: `npm ci --no-audit` failed as shown above."
    sys.stderr.flush()
    assert capfd.readouterr().err == "the reason\n"
    assert workshop.refusal()


def test_what_the_build_reads_is_watched() -> None:
    """Every file at the top of the shop's folder that Vite could read is known; Node's version is package.json's."""
    read = {file.name for kind in ("html", "ts", "tsx", "css") for file in FOLDER.glob(f"*.{kind}")}
    assert read < set(SOURCES)
    assert all((FOLDER / name).is_file() for name in SOURCES)
    assert all((FOLDER / name).is_dir() for name in SOURCE_FOLDERS)
    engines = json.loads((FOLDER / "package.json").read_text())["engines"]["node"]
    assert engines == f">={'.'.join(map(str, NODE))}"
