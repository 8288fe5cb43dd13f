"""In a clean clone, buf and protoc build the contracts without our tools, and find their mistakes."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from protos.generate import HERE, RELEASED, WELL_KNOWN, all_sources, image, sources

ROOT = HERE.parent
BUF = ROOT / "tests" / "tools" / "node_modules" / ".bin" / "buf"
BOOKS = "bookstore/books/v1/books.proto"
NO_NETWORK = "http://127.0.0.1:9"
"""Where no proxy listens: a tool that asks the network fails."""

pytestmark = pytest.mark.integration


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what a clone has for buf: its settings, the proto files and the released state."""
    for path in all_sources():
        target = tmp_path / "clone" / "protos" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / path, target)
    shutil.copy(ROOT / "buf.yaml", tmp_path / "clone")
    shutil.copy(RELEASED, tmp_path / "clone" / "protos")
    return tmp_path / "clone"


def buf(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run buf in a clone, with an empty cache and without a network."""
    assert BUF.exists(), "buf is missing: run `npm ci --prefix tests/tools`."
    home = str(clone.parent / "home")
    environ = {"PATH": os.environ["PATH"], "HOME": home, "HTTPS_PROXY": NO_NETWORK, "HTTP_PROXY": NO_NETWORK}  # noqa: TID251 - a test program's own
    return subprocess.run([BUF, *arguments], capture_output=True, text=True, check=False, cwd=clone, env=environ)


def breaking(clone: Path) -> subprocess.CompletedProcess[str]:
    """Compare a clone with the released contracts."""
    return buf(clone, "breaking", "--against", "protos/released.binpb")


def edit(clone: Path, path: str, change: Callable[[str], str]) -> None:
    """Change a proto file of a clone."""
    file = clone / "protos" / path
    before = file.read_text("utf-8")
    after = change(before)
    assert after != before
    file.write_text(after, "utf-8")


def described(path: Path) -> dict[str, FileDescriptorProto]:
    """Return the files of a descriptor set by their names."""
    return {file.name: file for file in FileDescriptorSet.FromString(path.read_bytes()).file}


def test_buf_builds_the_contracts(clone: Path) -> None:
    """Every proto file is in the image that buf builds."""
    result = buf(clone, "build", "-o", "image.binpb")
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    assert set(all_sources()) <= set(described(clone / "image.binpb"))


def test_protoc_builds_the_contracts(tmp_path: Path) -> None:
    """`protoc -I protos` needs nothing but the files that come with protoc itself."""
    arguments = [f"-I{HERE}", f"-I{WELL_KNOWN}", f"--descriptor_set_out={tmp_path / 'image.binpb'}", *sources()]
    assert protoc.main(["protoc", *arguments]) == 0
    assert set(described(tmp_path / "image.binpb")) == set(sources())


def test_the_contracts_pass_buf_lint(clone: Path) -> None:
    """The STANDARD, COMMENTS and UNARY_RPC rules hold for every file of ours."""
    result = buf(clone, "lint")
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize("path", [path for path in all_sources() if path in sources()])
def test_a_missing_comment_fails_buf_lint(clone: Path, path: str) -> None:
    """The control: without its comments no file passes, so buf lints each of them."""

    def without_comments(text: str) -> str:
        return "".join(line for line in text.splitlines(keepends=True) if not line.strip().startswith("//"))

    edit(clone, path, without_comments)
    result = buf(clone, "lint")
    assert result.returncode != 0
    assert f"protos/{path}" in result.stdout
    assert "should have a non-empty comment" in result.stdout


def test_a_streaming_method_fails_buf_lint(clone: Path) -> None:
    """The interceptors would let it pass unguarded."""
    edit(clone, BOOKS, lambda text: text.replace("returns (GetBookResponse)", "returns (stream GetBookResponse)"))
    assert "streaming" in buf(clone, "lint").stdout


def test_the_contracts_break_no_released_client(clone: Path) -> None:
    """A client that was built against the released contracts understands today's."""
    result = breaking(clone)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("  string title = 2;", "  string title = 22;", "title"),
        ("  repeated int64 book_ids = 1 [", "  repeated int64 book_ids = 2 [", "book_ids"),
        ("  string genre = 1;\n", "", "GenreCount"),
        ("rpc RemoveStock(", "rpc TakeStock(", "RemoveStock"),
        ("  BOOK_NOT_FOUND = 1;", "  NO_SUCH_BOOK = 1;", "BOOK_NOT_FOUND"),
    ],
)
def test_a_change_that_breaks_released_clients_is_found(clone: Path, before: str, after: str, sentence: str) -> None:
    """The control: a changed number, a removed field and a renamed method or reason do not pass."""
    edit(clone, BOOKS, lambda text: text.replace(before, after, 1))
    result = breaking(clone)
    assert result.returncode != 0
    assert sentence in result.stdout


def elements(file: FileDescriptorProto) -> set[str]:
    """Return the names of what a file declares: messages with their fields, enums with their values, methods."""
    messages = [*file.message_type, *(nested for message in file.message_type for nested in message.nested_type)]
    return {
        *(f"{message.name}.{field.name}={field.number}" for message in messages for field in message.field),
        *(f"{enum.name}.{value.name}={value.number}" for enum in file.enum_type for value in enum.value),
        *(f"{service.name}.{method.name}" for service in file.service for method in service.method),
        *(f"{extension.extendee}.{extension.name}={extension.number}" for extension in file.extension),
        *(message.name for message in messages),
    }


def test_everything_in_the_contracts_is_released(tmp_path: Path) -> None:
    """What is not in the released state is not compared with it: `make release-contracts` is due when this fails."""
    image(tmp_path / "today.binpb")
    today, released = described(tmp_path / "today.binpb"), described(RELEASED)
    missing = {path: elements(today[path]) - elements(released.get(path, FileDescriptorProto())) for path in sources()}
    assert {path: names for path, names in missing.items() if names} == {}
