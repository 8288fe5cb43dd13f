"""`python -m protos.generate [release]`: generates `protos/gen` from the proto files, or releases the contracts.

A release is the state that `buf breaking` compares later states with.
"""

import argparse
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from grpc_tools import protoc

HERE = Path(__file__).parent
GENERATED = HERE / "gen"
PROJECT = HERE / "pyproject.toml"
RELEASED = HERE / "released.binpb"
PACKAGES = ("bookstore", "buf", "mesh")
VENDORED = ("buf",)
"""Packages of others, whose files we copy and neither lint nor release."""
WELL_KNOWN = Path(str(resources.files("grpc_tools"))) / "_proto"
SCRIPTS = Path(sysconfig.get_path("scripts"))
PLUGINS = [f"--plugin={name}={SCRIPTS / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
"""The plugins by their paths, because the environment of this Python need not be the activated one."""
PROTOBUF_VERSION = re.compile(r"ValidateProtobufRuntimeVersion\(\s*[\w.]+,\s*(\d+),\s*(\d+),\s*(\d+),")
GRPC_VERSION = re.compile(r"GRPC_GENERATED_VERSION = '([\d.]+)'")
DEPENDENCIES = re.compile(r"^dependencies = .*$", re.MULTILINE)


def main(arguments: list[str] | None = None) -> int:
    """Replace `protos/gen`, or the released state, by what the proto files contain now."""
    parser = argparse.ArgumentParser(prog="python -m protos.generate", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("code", "release"), default="code", help="default: code")
    if parser.parse_args(arguments).what == "release":
        release(RELEASED)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        for package in PACKAGES:
            shutil.rmtree(GENERATED / package, ignore_errors=True)
            shutil.copytree(Path(folder) / package, GENERATED / package)
    PROJECT.write_text(with_dependencies(PROJECT.read_text("utf-8"), GENERATED), "utf-8")
    return 0


def sources() -> list[str]:
    """Return the paths of our own proto files, relative to this folder."""
    return [path for path in all_sources() if Path(path).parts[0] not in VENDORED]


def all_sources() -> list[str]:
    """Return the paths of all proto files, those of others included."""
    return sorted(str(path.relative_to(HERE)) for package in PACKAGES for path in (HERE / package).rglob("*.proto"))


def generate(target: Path) -> None:
    """Write messages, stubs and type hints below `target`, and a descriptor with comments for each of our files.

    Raises:
        RuntimeError: when protoc refuses a file; it has printed the reason.
    """
    described = _describe()
    ours = set(sources())
    for file in described.file:
        if file.name in ours:
            for field in _fields(file):
                field.ClearField("json_name")  # grpcurl would print bookId, and not book_id as the contract says
            descriptor = (target / file.name).with_suffix(".binpb")
            descriptor.parent.mkdir(parents=True, exist_ok=True)
            descriptor.write_bytes(FileDescriptorSet(file=[file]).SerializeToString(deterministic=True))
    _protoc(*PLUGINS, f"--python_out={target}", f"--mypy_out=quiet:{target}", *all_sources())
    with_services = [file.name for file in described.file if file.service]
    _protoc(*PLUGINS, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *with_services)
    for folder in {(target / path).parent for path in all_sources()}:
        (folder / "py.typed").touch()  # PEP 561: not above, as the folders above are namespace packages


def image(path: Path) -> None:
    """Write all files and their imports as one descriptor set with comments."""
    path.write_bytes(_describe().SerializeToString(deterministic=True))


def release(path: Path) -> None:
    """Write the descriptor set without comments, with which later states are compared."""
    _protoc("--include_imports", f"--descriptor_set_out={path}", *sources())


def with_dependencies(project: str, generated: Path) -> str:
    """Return the text of `pyproject.toml` with the versions that the generated code demands at import."""
    return DEPENDENCIES.sub(f"dependencies = [{', '.join(map(_quoted, _dependencies(generated)))}]", project)


def _dependencies(generated: Path) -> list[str]:
    """Return what the wheel depends on.

    Generated code raises on import when protobuf or grpcio is older than itself, and when protobuf's major version is
    more than one ahead.
    """
    protobuf = max(tuple(map(int, versions)) for versions in _versions(PROTOBUF_VERSION, generated))
    (grpc,) = set(_versions(GRPC_VERSION, generated))
    return [f"grpcio>={grpc}", f"protobuf>={'.'.join(map(str, protobuf))},<{protobuf[0] + 2}"]


def _versions(pattern: re.Pattern[str], generated: Path) -> list[str] | list[tuple[str, ...]]:
    return [match for file in generated.rglob("*_pb2*.py") for match in pattern.findall(file.read_text("utf-8"))]


def _quoted(text: str) -> str:
    return f'"{text}"'


def _fields(parent: FileDescriptorProto | DescriptorProto) -> Iterator[FieldDescriptorProto]:
    """Yield all fields and extensions of a file or message."""
    messages = parent.message_type if isinstance(parent, FileDescriptorProto) else parent.nested_type
    yield from parent.extension
    if isinstance(parent, DescriptorProto):
        yield from parent.field
    for message in messages:
        yield from _fields(message)


def _describe() -> FileDescriptorSet:
    """Return all files and their imports with comments."""
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "described.binpb"
        _protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={described}", *sources())
        return FileDescriptorSet.FromString(described.read_bytes())


def _protoc(*arguments: str) -> None:
    code = protoc.main(["protoc", f"-I{HERE}", f"-I{WELL_KNOWN}", *arguments])
    if code:
        message = f"protoc ended with status {code}"
        raise RuntimeError(message)


if __name__ == "__main__":
    sys.exit(main())
