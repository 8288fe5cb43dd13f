"""`python -m tests.servers`: brings what the tests need, before they start."""

import sys

from mesh.env import read_environment
from tests.servers.bring import Machine, MissingError, bring


def main() -> int:
    """The exit status is 1 when something cannot be brought."""
    try:
        brought = bring(read_environment(), Machine())
    except MissingError as error:
        print(error, file=sys.stderr)
        return 1
    if brought:
        print(f"Brought {', '.join(brought)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
