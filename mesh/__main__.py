"""`python -m mesh token`: prints a token for grpcurl."""

import argparse
import sys

from mesh.env import ConfigError, read_environment
from mesh.identity import Signer
from mesh.secrets import mesh_secret


def main(arguments: list[str] | None = None) -> int:
    """Prints what was asked for; the exit status is 2 for a bad setting."""
    parser = argparse.ArgumentParser(prog="python -m mesh", description=__doc__)
    commands = parser.add_subparsers(required=True)
    token = commands.add_parser("token", help="print a token that names its caller, for one service")
    token.add_argument("--as", dest="caller", default="tester", help="the calling service (default: tester)")
    token.add_argument("--to", dest="audience", required=True, help="the service to call, such as books")
    token.add_argument("--seconds", type=int, default=600, help="how long it is good for (default: 600)")
    options = parser.parse_args(arguments)
    try:
        secret = mesh_secret(read_environment())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(Signer(options.caller, secret).token(options.audience, options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
