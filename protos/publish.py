"""`python -m protos.publish`: writes what other teams need of the contracts to `dist/`.

They are the Python wheel, an archive of the proto files, and a descriptor set of all files with their comments.
"""

import argparse
import gzip
import shutil
import subprocess
import sys
import tarfile
import tomllib
from io import BytesIO
from pathlib import Path

from protos.generate import HERE, PROJECT, all_sources, image

ROOT = HERE.parent
LICENSES = {"LICENSE": ROOT / "LICENSE", "buf/validate/LICENSE": HERE / "buf" / "validate" / "LICENSE"}


def main(arguments: list[str] | None = None) -> int:
    """Write the files, and print their paths."""
    parser = argparse.ArgumentParser(prog="python -m protos.publish", description=__doc__)
    parser.add_argument("--dir", type=Path, default=ROOT / "dist", help="the folder to write to (default: dist)")
    folder = parser.parse_args(arguments).dir
    folder.mkdir(parents=True, exist_ok=True)
    for file in (write_image(folder), write_archive(folder), build_wheel(folder)):
        print(file)
    return 0


def version() -> str:
    """Return the version of the contracts."""
    return str(tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"])


def write_image(folder: Path) -> Path:
    """Write all files and their imports as a descriptor set with comments, and return its path."""
    path = folder / f"bookstore-protos-{version()}.binpb"
    image(path)
    return path


def write_archive(folder: Path) -> Path:
    """Write the proto files and their licences as a tar archive, and return its path. Its bytes are reproducible."""
    name = f"bookstore-protos-{version()}"
    files = {**{path: HERE / path for path in all_sources()}, **LICENSES}
    packed = BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in sorted(files):
            content = files[path].read_bytes()
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, BytesIO(content))
    written = folder / f"{name}.tar.gz"
    written.write_bytes(packed.getvalue())
    return written


def build_wheel(folder: Path) -> Path:
    """Build the wheel with uv, and return its path.

    Raises:
        CalledProcessError: when uv fails; it has printed the reason.
    """
    subprocess.run([uv(), "build", "--quiet", "--wheel", "--out-dir", folder, HERE], check=True)  # noqa: S603 - our own arguments
    return folder / f"bookstore_protos-{version()}-py3-none-any.whl"


def uv() -> str:
    """Return the path of uv: the one that `make` has installed, or the one on the PATH."""
    own = ROOT / ".tools" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv") or "uv"


if __name__ == "__main__":
    sys.exit(main())
