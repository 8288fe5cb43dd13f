"""`python -m launcher`: starts the product."""

import argparse
import sys

from mesh.signals import StoppedError, end_at_once
from mesh.streams import open_missing_streams


def main() -> int:
    """Run until a signal or until a process ends; return 1 when the product cannot start."""
    end_at_once()
    open_missing_streams()
    parser = argparse.ArgumentParser(prog="python -m launcher", description="Start the whole product on this machine.")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, the parent, has ended")
    options = parser.parse_args()
    from launcher.product import run  # noqa: PLC0415 - takes half a second, in which a signal must not be a traceback

    try:
        return run(options.parent)
    except StoppedError as error:
        return error.status


if __name__ == "__main__":
    sys.exit(main())
