"""The published files are complete, and the wheel works with the oldest versions that it allows."""

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import grpc
import pytest
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from protos.generate import GENERATED, HERE, WELL_KNOWN, all_sources
from protos.publish import main, uv, version, write_archive

PYRIGHT = HERE.parent / "tests" / "tools" / "node_modules" / ".bin" / "pyright"
MYPY = (sys.executable, "-m", "mypy", "--strict", "--config-file=")

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the published files."""
    folder = tmp_path_factory.mktemp("published") / "dist"
    assert main(["--dir", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def client(dist: Path) -> Path:
    """The folder of another team: a client, and an environment with the wheel and its oldest dependencies."""
    folder = dist.parent / "client"
    folder.mkdir()
    shutil.copy(HERE / "tests" / "client.py", folder)
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "include": ["client.py"]}))
    wheel = f"bookstore-protos[typing] @ {next(dist.glob('*.whl')).as_uri()}"
    run(uv(), "venv", "--quiet", "--python", sys.executable, "env", cwd=folder)
    run(uv(), "pip", "install", "--quiet", "--python", "env/bin/python", "--resolution", "lowest", wheel, cwd=folder)
    return folder


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a catalogue with one book."""

    class OneBook(books_pb2_grpc.BooksServicer):
        def ListBooks(  # noqa: N802 - the contract's name
            self, request: books_pb2.ListBooksRequest, context: grpc.ServicerContext
        ) -> books_pb2.ListBooksResponse:
            return books_pb2.ListBooksResponse(books=[books_pb2.Book(title=f"{request.genre}: Dune")])

    server = grpc.server(ThreadPoolExecutor(1))
    books_pb2_grpc.add_BooksServicer_to_server(OneBook(), server)  # type: ignore[abstract] # the client calls one method
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that succeeds, and return what it printed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_wheel_contains_the_generated_code(dist: Path) -> None:
    """Messages, stubs, type hints and descriptors of all packages, and nothing else of the repository."""
    with ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/") and ".dist-info/" not in name}
    files = (file for file in GENERATED.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    assert names == {str(file.relative_to(GENERATED)) for file in files}


def test_the_descriptor_set_has_all_files_with_comments(dist: Path) -> None:
    """Tools that need no proto files can use it."""
    image = FileDescriptorSet.FromString((dist / f"bookstore-protos-{version()}.binpb").read_bytes())
    files = {file.name: file for file in image.file}
    assert set(all_sources()) <= set(files)
    assert all(imported in files for file in image.file for imported in file.dependency)
    assert any(place.leading_comments for place in files["bookstore/books/v1/books.proto"].source_code_info.location)


def test_the_archive_builds_on_its_own(dist: Path, tmp_path: Path) -> None:
    """It holds every proto file with its licence, and protoc needs nothing more."""
    with tarfile.open(dist / f"bookstore-protos-{version()}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # new in Python 3.11.4
        archive.extractall(tmp_path)  # noqa: S202 - made by this test's fixture
    folder = tmp_path / f"bookstore-protos-{version()}"
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.proto")} == set(all_sources())
    assert (folder / "LICENSE").exists()
    assert (folder / "buf" / "validate" / "LICENSE").exists()
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{WELL_KNOWN}", "--descriptor_set_out=x"]
    run(*protoc, *all_sources(), cwd=folder)


def test_the_archive_is_the_same_every_time(tmp_path: Path) -> None:
    """Its bytes change only with the contracts."""
    assert write_archive(tmp_path).read_bytes() == write_archive(tmp_path).read_bytes()


def test_a_client_runs_with_the_oldest_versions(client: Path, address: str) -> None:
    """The versions that the wheel allows are those with which its code can be imported; no warning is given."""
    output = run("env/bin/python", "-W", "error", "client.py", address, cwd=client)
    assert output.splitlines() == ["Science Fiction: Dune", "Try again."]


def test_a_client_passes_mypy(client: Path) -> None:
    """In strict mode, with the type hints in the wheel and the extra `typing`."""
    run(*MYPY, "--python-executable", "env/bin/python", "client.py", cwd=client)


def test_a_client_passes_pyright(client: Path) -> None:
    """In strict mode."""
    assert PYRIGHT.exists(), "pyright is missing: run `npm ci --prefix tests/tools`."
    run(PYRIGHT, "--pythonpath", "env/bin/python", cwd=client)


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_mistake_is_found(client: Path, tmp_path: Path, checker: str) -> None:
    """The control: a field that does not exist and a type that is wrong do not pass."""
    shutil.copy(client / "pyrightconfig.json", tmp_path)
    right = (client / "client.py").read_text("utf-8")
    (tmp_path / "client.py").write_text(right.replace("page_size=10", 'page_size="ten"').replace(".title", ".name"))
    python = client / "env" / "bin" / "python"
    commands: dict[str, list[str | Path]] = {
        "mypy": [*MYPY, "--python-executable", python, "client.py"],
        "pyright": [PYRIGHT, "--pythonpath", python],
    }
    result = subprocess.run(commands[checker], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 1
    assert "page_size" in result.stdout
    assert "name" in result.stdout
