"""Checks the version of Python before anything else, and then installs the packages and starts the product.

usage: python3 -ES launcher/bootstrap.py start|run|dev

With -E and -S, Python ignores its variables in the environment and does not search for packages, which saves time.
"""

try:  # first of all, so that Ctrl-C is no traceback during the imports, of which `signal` has more than the rest
    from _signal import SIG_DFL, SIGINT, signal
except ImportError:  # Python 2
    from signal import SIG_DFL, SIGINT, signal
if __name__ == "__main__":
    signal(SIGINT, SIG_DFL)

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    """Run `launcher.installation`; return 1 with an old Python, which has to parse this file."""
    if sys.version_info < (3, 11):
        sys.stderr.write("The bookstore needs Python 3.11 or newer; this is {}.{}.\n".format(*sys.version_info))
        return 1
    sys.path[0] = ROOT
    from launcher import installation

    return installation.main(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
