"""`python -m catalogue.covers [--out FOLDER] [--check]` draws the covers of all books of the catalogue."""

import argparse
import sys
from pathlib import Path

from catalogue.books import read_books
from catalogue.covers.drawing import draw_covers
from catalogue.covers.files import COVERS_FOLDER, outdated_covers, write_covers


def main(arguments: list[str] | None = None) -> int:
    """Write the covers, or with `--check` list the outdated files and return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m catalogue.covers", description="Draw the covers of the catalogue.")
    parser.add_argument("--out", type=Path, default=COVERS_FOLDER, metavar="FOLDER", help="folder of the covers")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a file is outdated")
    options = parser.parse_args(arguments)
    covers = draw_covers(read_books())
    if not options.check:
        write_covers(covers, options.out)
        return 0
    names = outdated_covers(covers, options.out)
    for name in names:
        print(f"{name} is outdated.", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
