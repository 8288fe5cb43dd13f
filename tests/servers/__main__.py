"""`python -m tests.servers`: installs the servers and the browser that the tests need."""

import sys

from mesh.env import read_environment
from tests.servers.provision import Machine, MissingRequirementError, provision


def main() -> int:
    """Install what is missing. Return 1 when something cannot be installed."""
    try:
        installed = provision(read_environment(), Machine())
    except MissingRequirementError as error:
        print(error, file=sys.stderr)
        return 1
    if installed:
        print(f"Installed {', '.join(installed)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
