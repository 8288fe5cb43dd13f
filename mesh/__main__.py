"""`python -m mesh`: a token for grpcurl, certificates for TLS, and how services and gateways are."""

import argparse
import re
import sys
from pathlib import Path

import grpc

from mesh.env import ConfigError, read_environment
from mesh.health import ask_service, ask_url

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
LONGEST = 825
"""Days; no client that is strict about it takes a certificate that lasts longer."""


def main(arguments: list[str] | None = None) -> int:
    """Does what was asked for; the exit status is 2 for a bad setting, 1 for files in the way or a bad answer."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return status


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
    health = commands.add_parser("health", help="ask a service whether it serves")
    health.add_argument("address", help="host and port, such as 127.0.0.1:50052")
    health.add_argument("service", nargs="?", default="", help="full name, such as bookstore.books.v1.Books")
    health.add_argument("--as", dest="caller", default="tester", help="with TLS, whose certificate to show")
    health.add_argument("--to", dest="audience", help="with TLS, the service's name (default: that of --as)")
    health.set_defaults(run=_health)
    ready = commands.add_parser("ready", help="ask web addresses whether they answer 200")
    ready.add_argument("urls", nargs="+", metavar="url", help="such as http://127.0.0.1:5001/ready")
    ready.set_defaults(run=_ready)
    return parser


def _token(options: argparse.Namespace) -> int:
    from mesh.identity import Signer  # noqa: PLC0415 - a health check would spend half of its time on what these load
    from mesh.secrets import mesh_secret  # noqa: PLC0415

    print(Signer(options.caller, mesh_secret(read_environment())).token(options.audience, options.seconds))
    return 0


def _certs(options: argparse.Namespace) -> int:
    from mesh.certs import FilesExistError, write_all  # noqa: PLC0415 - as above

    try:
        for file in write_all(options.dir, options.names, options.days):
            print(file)
    except (FilesExistError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _name(text: str) -> str:
    if text == "ca" or not NAME.fullmatch(text):
        message = f"a name has lower-case letters, digits and hyphens, and is not `ca`: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


def _health(options: argparse.Namespace) -> int:
    with _channel(options) as channel:
        status = ask_service(channel, options.service)
    print(status)
    return 0 if status == "SERVING" else 1


def _channel(options: argparse.Namespace) -> grpc.Channel:
    folder = read_environment().get("MESH_TLS_DIR", "").strip()
    if not folder:
        return grpc.insecure_channel(options.address)
    from mesh.tls import Tls, expecting  # noqa: PLC0415 - as above

    credentials = Tls(Path(folder)).channel(options.caller)
    return grpc.secure_channel(options.address, credentials, expecting(options.audience or options.caller))


def _ready(options: argparse.Namespace) -> int:
    statuses = {url: ask_url(url) for url in options.urls}
    for url, status in statuses.items():
        print(f"{url} {status}")
    return 0 if set(statuses.values()) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
