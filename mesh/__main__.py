"""`python -m mesh token|health|ready`: prints a token for grpcurl, and asks services and gateways how they are."""

import argparse
import sys

import grpc

from mesh.env import ConfigError, read_environment
from mesh.health import ask_service, ask_url


def main(arguments: list[str] | None = None) -> int:
    """Prints what was asked for; the exit status is 2 for a bad setting, 1 for somebody who is not well."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh", description=__doc__)
    commands = parser.add_subparsers(required=True)
    token = commands.add_parser("token", help="print a token that names its caller, for one service")
    token.add_argument("--as", dest="caller", default="tester", help="the calling service (default: tester)")
    token.add_argument("--to", dest="audience", required=True, help="the service to call, such as books")
    token.add_argument("--seconds", type=int, default=600, help="how long it is good for (default: 600)")
    token.set_defaults(run=_token)
    health = commands.add_parser("health", help="ask a service whether it serves")
    health.add_argument("address", help="host and port, such as 127.0.0.1:50052")
    health.add_argument("service", nargs="?", default="", help="full name, such as bookstore.books.v1.Books")
    health.set_defaults(run=_health)
    ready = commands.add_parser("ready", help="ask web addresses whether they answer 200")
    ready.add_argument("urls", nargs="+", metavar="url", help="such as http://127.0.0.1:5001/ready")
    ready.set_defaults(run=_ready)
    return parser


def _token(options: argparse.Namespace) -> int:
    from mesh.identity import Signer  # noqa: PLC0415 - half of a health check's time would go into these two
    from mesh.secrets import mesh_secret  # noqa: PLC0415

    signer = Signer(options.caller, mesh_secret(read_environment()))
    print(signer.token(options.audience, options.seconds))
    return 0


def _health(options: argparse.Namespace) -> int:
    with grpc.insecure_channel(options.address) as channel:
        status = ask_service(channel, options.service)
    print(status)
    return 0 if status == "SERVING" else 1


def _ready(options: argparse.Namespace) -> int:
    statuses = {url: ask_url(url) for url in options.urls}
    for url, status in statuses.items():
        print(f"{url} {status}")
    return 0 if set(statuses.values()) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
