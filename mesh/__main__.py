"""`python -m mesh`: a token for grpcurl, and certificates for TLS between services."""

import argparse
import re
import sys
from pathlib import Path

from mesh.certs import FilesExistError, write_all
from mesh.env import ConfigError, read_environment
from mesh.identity import Signer
from mesh.secrets import mesh_secret

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
LONGEST = 825
"""Days; no client that is strict about it takes a certificate that lasts longer."""


def main(arguments: list[str] | None = None) -> int:
    """Does what was asked for; the exit status is 2 for a bad setting, 1 when files are in the way."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (FilesExistError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh", description=__doc__)
    commands = parser.add_subparsers(required=True)
    token = commands.add_parser("token", help="print a token that names its caller, for one service")
    token.add_argument("--as", dest="caller", default="tester", help="the calling service (default: tester)")
    token.add_argument("--to", dest="audience", required=True, help="the service to call, such as books")
    token.add_argument("--seconds", type=int, default=600, help="how long it is good for (default: 600)")
    token.set_defaults(run=_token)
    certs = commands.add_parser("certs", help="make an authority, and a certificate and key for each process")
    certs.add_argument("--dir", type=Path, required=True, help="the folder, for MESH_TLS_DIR")
    certs.add_argument("--days", type=int, default=90, choices=range(1, LONGEST + 1), metavar="DAYS",
                       help="how long they are good for (default: 90)")  # fmt: skip
    certs.add_argument("names", nargs="+", type=_name, metavar="name", help="processes, such as users books tester")
    certs.set_defaults(run=_certs)
    return parser


def _token(options: argparse.Namespace) -> None:
    print(Signer(options.caller, mesh_secret(read_environment())).token(options.audience, options.seconds))


def _certs(options: argparse.Namespace) -> None:
    for file in write_all(options.dir, options.names, options.days):
        print(file)


def _name(text: str) -> str:
    if text == "ca" or not NAME.fullmatch(text):
        message = f"a name has lower-case letters, digits and hyphens, and is not `ca`: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


if __name__ == "__main__":
    sys.exit(main())
