"""The files of the covers."""

from collections.abc import Mapping
from pathlib import Path

COVERS_FOLDER = Path(__file__).resolve().parents[2] / "frontend" / "public" / "images" / "books"


def write_covers(covers: Mapping[str, str], folder: Path) -> None:
    """Write each cover into the folder, which is created if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawing in covers.items():
        (folder / name).write_text(drawing, encoding="utf-8", newline="\n")


def outdated_covers(covers: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of the files in the folder that are missing, differ from `covers`, or belong to no book."""
    stored = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    return sorted(name for name in covers.keys() | stored.keys() if covers.get(name) != stored.get(name))
