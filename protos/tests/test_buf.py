"""`buf` finds nothing to say about the contracts, and would if there were something."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from protos.generate import HERE, RELEASED, image, sources

ROOT = HERE.parent
BUF = ROOT / "tests" / "tools" / "node_modules" / ".bin" / "buf"
BOOKS = "bookstore/books/v1/books.proto"

pytestmark = pytest.mark.integration


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """An image of all proto files with their comments."""
    image(tmp_path / "contracts.binpb")
    return tmp_path / "contracts.binpb"


def buf(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What buf says with our settings."""
    assert BUF.exists(), "buf is missing: run `npm ci --prefix tests/tools`."
    return subprocess.run([BUF, *arguments, "--config", ROOT / "buf.yaml"], capture_output=True, text=True, check=False)


def changed(contracts: Path, change: Callable[[FileDescriptorProto], None]) -> Path:
    """The image after a change of the books' file."""
    files = FileDescriptorSet.FromString(contracts.read_bytes())
    change(next(file for file in files.file if file.name == BOOKS))
    contracts.write_bytes(files.SerializeToString())
    return contracts


def test_every_contract_is_in_the_image(contracts: Path) -> None:
    """No proto file escapes the checks below."""
    names = {file.name for file in FileDescriptorSet.FromString(contracts.read_bytes()).file}
    assert set(sources()) <= names
    assert BOOKS in names


def test_the_contracts_pass_buf_lint(contracts: Path) -> None:
    """The STANDARD and COMMENTS rules hold for every file of ours."""
    result = buf("lint", contracts)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_a_missing_comment_fails_buf_lint(contracts: Path) -> None:
    """The control: without the comment of one field the same file does not pass."""

    def without_a_comment(file: FileDescriptorProto) -> None:
        comment = next(place for place in file.source_code_info.location if "own words" in place.leading_comments)
        comment.ClearField("leading_comments")

    result = buf("lint", changed(contracts, without_a_comment))
    assert result.returncode != 0
    assert "should have a non-empty comment" in result.stdout


def test_the_contracts_break_no_released_client(contracts: Path) -> None:
    """Whoever was built against the released contracts still understands today's."""
    result = buf("breaking", contracts, "--against", RELEASED)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_a_removed_field_breaks_released_clients(contracts: Path) -> None:
    """The control: without a field the same file does not pass."""

    def without_title(file: FileDescriptorProto) -> None:
        book = next(message for message in file.message_type if message.name == "Book")
        del book.field[1]

    result = buf("breaking", changed(contracts, without_title), "--against", RELEASED)
    assert result.returncode != 0
    assert "title" in result.stdout
