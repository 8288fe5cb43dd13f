"""The app is built only when it must be, and one sentence reports what prevents a build."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from launcher.frontend_build import (
    FOLDER,
    MIN_NODE_VERSION,
    SOURCE_FILES,
    SOURCE_FOLDERS,
    BuildError,
    build,
    is_built,
)

pytestmark = pytest.mark.integration


class Project:
    """A small app, with fake programs that record how they were called.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.calls = folder / "app", folder / "programs", folder / "calls"
        self.reports: list[str] = []
        for name in (*SOURCE_FILES, "src/main.tsx", "src/main.test.tsx", "public/a.svg", "scripts/compress.mjs"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(name)
        self.programs.mkdir()
        self.install("node", "echo v20.19.0")
        self.install(
            "npm", 'mkdir -p node_modules dist; echo "$*" >> ../calls; case $1 in run) echo x > dist/index.html;; esac'
        )

    def install(self, name: str, script: str) -> None:
        """Put a program on the path."""
        file = self.programs / name
        file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        file.chmod(0o755)

    def build(self, **variables: str) -> list[str]:
        """Build, and return the npm commands that were run."""
        self.calls.write_text("")
        build({"PATH": str(self.programs), **variables}, self.reports.append, self.folder)
        return self.build_calls()

    def build_calls(self) -> list[str]:
        """Return the npm commands that the last build has run."""
        return [line.split()[0] for line in self.calls.read_text().splitlines()]

    def failure(self) -> str:
        """Return the message of a build that fails."""
        with pytest.raises(BuildError) as raised:
            self.build()
        return str(raised.value)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An app that has not been built."""
    return Project(tmp_path)


def test_the_first_build_installs_the_packages(project: Project) -> None:
    """Both steps are reported, because they are slow."""
    assert not is_built(project.folder)
    assert project.build() == ["ci", "run"]
    assert is_built(project.folder)
    assert [line.split()[0] for line in project.reports] == ["Installing", "Building"]


def test_an_unchanged_app_is_not_built_again(project: Project) -> None:
    """Node.js is not needed then."""
    project.build()
    shutil.rmtree(project.programs)
    assert project.build() == []


@pytest.mark.parametrize("name", ["src/main.tsx", "public/a.svg", "index.html", "package.json", "scripts/compress.mjs"])
def test_a_changed_source_is_built_with_the_installed_packages(project: Project, name: str) -> None:
    """Only a changed lock file installs packages again."""
    project.build()
    (project.folder / name).write_text("changed")
    assert project.build() == ["run"]


def test_added_and_removed_sources_count_as_changes(project: Project) -> None:
    """A rename changes no content, and is built all the same."""
    project.build()
    (project.folder / "src" / "main.tsx").rename(project.folder / "src" / "other.tsx")
    assert project.build() == ["run"]


def test_a_changed_test_needs_no_build(project: Project) -> None:
    """Tests are not part of the pages."""
    project.build()
    (project.folder / "src" / "main.test.tsx").write_text("changed")
    assert project.build() == []


def test_a_changed_lock_installs_the_packages(project: Project) -> None:
    """The app is built with them."""
    project.build()
    (project.folder / "package-lock.json").write_text("changed")
    assert project.build() == ["ci", "run"]


def test_a_deleted_build_is_built_again(project: Project) -> None:
    """Unchanged sources do not prevent it."""
    project.build()
    shutil.rmtree(project.folder / "dist")
    assert project.build() == ["run"]


@pytest.mark.parametrize("name", ["node", "npm"])
def test_a_missing_program_is_one_sentence(project: Project, name: str) -> None:
    """It names what to install."""
    (project.programs / name).unlink()
    expected = rf"The program {name} was not found: install Node\.js 20\.19 or newer from https://nodejs\.org to .+\."
    assert re.fullmatch(expected, project.failure())


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v4.9.1"])
def test_an_old_node_is_one_sentence(project: Project, version: str) -> None:
    """It names both versions."""
    project.install("node", f"echo {version}")
    assert project.failure().startswith(f"Node.js {version} is too old: install Node.js 20.19 or newer ")


@pytest.mark.parametrize("version", ["v20.19.0", "v22.0.1", "v100.1.0"])
def test_a_newer_node_is_accepted(project: Project, version: str) -> None:
    """Versions are compared as numbers, not as text."""
    project.install("node", f"echo {version}")
    assert project.build() == ["ci", "run"]


@pytest.mark.parametrize("character", ["#", "?"])
def test_a_folder_that_vite_cannot_use_is_one_sentence(tmp_path: Path, character: str) -> None:
    """Vite takes what follows for a part of a URL, and reports a file that does not exist."""
    folder = tmp_path / f"my{character}shop"
    folder.mkdir()
    project = Project(folder)
    assert project.failure() == (
        f"Vite cannot build the pages of the app in {project.folder}: rename the folder so that it has no # and no ?."
    )
    assert project.build_calls() == []


def test_the_build_does_not_depend_on_variables_of_other_projects(project: Project) -> None:
    """`NODE_ENV=production` would leave out Vite, and a person's npm settings likewise."""
    project.install(
        "npm", 'mkdir -p node_modules dist; echo x > dist/index.html; echo "$NODE_ENV$npm_config_omit" > ../seen'
    )
    project.build(NODE_ENV="production", npm_config_omit="dev")
    assert (project.folder.parent / "seen").read_text() == "\n"


def test_a_failed_build_is_reported_and_repeated(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """The output of npm precedes the sentence, and the next start builds again."""
    project.install("npm", "echo the reason; mkdir -p node_modules; exit 1")
    assert project.failure() == "The pages of the app could not be built: `npm ci --no-audit` failed as shown above."
    sys.stderr.flush()
    assert capfd.readouterr().err == "the reason\n"
    assert project.failure()


def test_every_source_of_the_build_is_listed() -> None:
    """The list has every file that Vite could read, and the version of Node.js is that of package.json."""
    sources = {file.name for kind in ("html", "ts", "tsx", "css") for file in FOLDER.glob(f"*.{kind}")}
    assert sources < set(SOURCE_FILES)
    assert all((FOLDER / name).is_file() for name in SOURCE_FILES)
    assert all((FOLDER / name).is_dir() for name in SOURCE_FOLDERS)
    engines = json.loads((FOLDER / "package.json").read_text())["engines"]["node"]
    assert engines == f">={'.'.join(map(str, MIN_NODE_VERSION))}"
