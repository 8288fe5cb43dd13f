"""The committed code is what the proto files say."""

from pathlib import Path

import pytest

from protos.generate import GENERATED, PACKAGES, PROJECT, generate, main, release, with_dependencies

pytestmark = pytest.mark.unit


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each generated file below the folder, by its path."""
    files = (file for package in PACKAGES for file in (folder / package).rglob("*"))
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_committed_code_is_the_generated_code(tmp_path: Path) -> None:
    """Generating again changes, adds and removes nothing; `make protos` is due when this fails."""
    generate(tmp_path)
    fresh, committed = contents(tmp_path), contents(GENERATED)
    assert fresh.keys() == committed.keys()
    assert [name for name in fresh if fresh[name] != committed[name]] == []


def test_the_wheel_demands_the_versions_that_the_generated_code_demands() -> None:
    """An older grpcio or protobuf would be installed, and the import would fail."""
    project = PROJECT.read_text("utf-8")
    assert with_dependencies(project, GENERATED) == project
    assert with_dependencies('dependencies = ["grpcio>=1.85"]\n', GENERATED) != 'dependencies = ["grpcio>=1.85"]\n'


def test_a_release_is_the_same_every_time(tmp_path: Path) -> None:
    """A release holds no comments, no paths and no times, so that it changes only with the contracts."""
    release(tmp_path / "one.binpb")
    release(tmp_path / "two.binpb")
    assert (tmp_path / "one.binpb").read_bytes() == (tmp_path / "two.binpb").read_bytes()


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A word that is neither `code` nor `release` writes nothing."""
    with pytest.raises(SystemExit) as ended:
        main(["everything"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
