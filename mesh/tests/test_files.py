"""Private files can be used by their owner only, whatever the umask is and was."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mesh.files import create_private_file, create_private_folder, make_private, replace_private_file

pytestmark = pytest.mark.unit


@pytest.fixture(params=[0o000, 0o022, 0o277], autouse=True)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A umask that lets others read, or that takes too much from the owner; the folder of a test is older."""
    assert tmp_path.is_dir()
    previous = os.umask(request.param)
    yield
    os.umask(previous)


def mode(path: Path) -> int:
    """Return the permissions."""
    return path.stat().st_mode & 0o7777


def test_new_files_are_private(tmp_path: Path) -> None:
    """The parents of a folder keep the mode that the umask gives them."""
    assert create_private_folder(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o700
    create_private_file(tmp_path / "data" / "file")
    assert mode(tmp_path / "data" / "file") & 0o077 == 0


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    """It may contain more than the product's files, such as `/tmp`."""
    tmp_path.chmod(0o755)
    assert not create_private_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_existing_files_are_made_private_with_a_line(tmp_path: Path) -> None:
    """The line says what others could do before; a second call says nothing."""
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o644)
    tmp_path.chmod(0o755)
    with capture_logs() as lines:
        for _ in range(2):
            make_private(file)
            make_private(tmp_path)
    assert (mode(file), mode(tmp_path)) == (0o600, 0o700)
    assert [(line["path"], line["mode_before"]) for line in lines] == [(str(file), "0644"), (str(tmp_path), "0755")]


def test_what_cannot_be_changed_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product starts all the same, as with a file of another owner or on a read-only disk."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    file = tmp_path / "file"
    file.touch()
    file.chmod(0o644)
    monkeypatch.setattr(Path, "chmod", refuse)
    with capture_logs() as lines:
        make_private(file)
    assert [(line["log_level"], line["reason"]) for line in lines] == [("warning", "Operation not permitted")]


def test_what_is_missing_or_no_file_is_left_alone(tmp_path: Path) -> None:
    """The mode of a device such as `/dev/null` belongs to the system."""
    (tmp_path / "null").symlink_to(os.devnull)
    with capture_logs() as lines:
        make_private(tmp_path / "missing")
        make_private(tmp_path / "null")
    assert lines == []
    assert mode(Path(os.devnull)) & 0o006 == 0o006


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A link stays a link, and the rest of an interrupted attempt does not matter."""
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o644)
    (tmp_path / "file.new").write_text("half")
    (tmp_path / "link").symlink_to("file")
    replace_private_file(tmp_path / "link", "é")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text("utf-8") == "é"
    assert mode(tmp_path / "file") & 0o077 == 0
    assert not (tmp_path / "file.new").exists()
