"""`python -m protos.generate [release]`: generates `protos/gen` from the proto files, or releases them.

A release is the state that `buf breaking` compares later ones with.
"""

import argparse
import shutil
import sys
import sysconfig
import tempfile
from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from protovalidate import ViolationPb

HERE = Path(__file__).parent
GENERATED = HERE / "gen"
RELEASED = HERE / "released.binpb"
PACKAGES = ("bookstore", "buf", "mesh")
RULES = "buf/validate/validate.proto"
SCRIPTS = Path(sysconfig.get_path("scripts"))
PLUGINS = [f"--plugin={name}={SCRIPTS / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
"""Named by their paths: the environment of this Python need not be the activated one."""


def main(arguments: list[str] | None = None) -> int:
    """Replaces `protos/gen`, or the released state, by what the proto files say now."""
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
    return 0


def sources() -> list[str]:
    """Paths of our own proto files, relative to this folder."""
    return sorted(str(path.relative_to(HERE)) for path in HERE.glob("*/**/*.proto"))


def generate(target: Path) -> None:
    """Writes messages, stubs and their type hints below `target`.

    Raises:
        RuntimeError: when protoc refuses a file; it has printed why.
    """
    outputs = ("python", "grpc_python", "mypy", "mypy_grpc")
    _protoc(*PLUGINS, *(f"--{output}_out={target}" for output in outputs), *sources())
    _protoc(*PLUGINS, f"--python_out={target}", f"--mypy_out={target}", RULES)
    for package in PACKAGES:
        (target / package / "py.typed").touch()


def image(path: Path) -> None:
    """Writes all files and what they import as one descriptor set with comments, for buf."""
    _protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={path}", *sources())


def release(path: Path) -> None:
    """Writes the same without comments: what later states are compared with."""
    _protoc("--include_imports", f"--descriptor_set_out={path}", *sources())


def _protoc(*arguments: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.binpb"
        rules.write_bytes(_rules().SerializeToString())
        code = protoc.main(["protoc", f"-I{HERE}", f"--descriptor_set_in={rules}", *arguments])
    if code:
        message = f"protoc ended with status {code}"
        raise RuntimeError(message)


def _rules() -> FileDescriptorSet:
    """The rules' own proto file, from the installed validator, so that both are always of one version."""
    file = ViolationPb.desc().file
    well_known = Path(str(resources.files("grpc_tools"))) / "_proto"
    with tempfile.TemporaryDirectory() as folder:
        imports = Path(folder) / "imports.binpb"
        names = [dependency.name for dependency in file.dependencies]
        protoc.main(["protoc", f"-I{well_known}", "--include_imports", f"--descriptor_set_out={imports}", *names])
        found = FileDescriptorSet.FromString(imports.read_bytes())
    found.file.append(FileDescriptorProto.FromString(file.proto.to_binary()))
    return found


if __name__ == "__main__":
    sys.exit(main())
