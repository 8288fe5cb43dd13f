"""Create services, tokens and certificates, and check the health of services and gateways."""

import argparse
import re
import sys
from pathlib import Path

import grpc

from mesh.env import ConfigError, read_environment
from mesh.health import WITHOUT_PROXY, check_service, check_url

PROCESS_NAME_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,30}")
MAX_CERTIFICATE_DAYS = 825
"""Strict clients reject certificates that are valid for longer."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 2 for an invalid setting, and 1 for files that exist or a negative result."""
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
    new = commands.add_parser("new", help="create a service that runs, in the product of the working directory")
    new.add_argument("service", help="a plural of lower-case letters, such as reviews")
    new.add_argument("--resource", help="the name of one resource (default: the singular, such as review)")
    new.set_defaults(run=_new)
    token = commands.add_parser("token", help="print a token that identifies a caller to one service")
    token.add_argument("--as", dest="caller", default="tester", help="the calling service (default: tester)")
    token.add_argument("--to", dest="audience", required=True, help="the service to call, such as books")
    token.add_argument("--seconds", type=_token_lifetime, default=600, help="lifetime of the token (default: 600)")
    token.set_defaults(run=_token)
    certs = commands.add_parser("certs", help="create an authority, and a certificate and a key for each process")
    certs.add_argument("--dir", type=Path, required=True, help="the folder to create, for MESH_TLS_DIR")
    certs.add_argument("--days", type=int, default=90, choices=range(1, MAX_CERTIFICATE_DAYS + 1), metavar="DAYS",
                       help="lifetime of the certificates in days (default: 90)")  # fmt: skip
    certs.add_argument("--renew", action="store_true",
                       help="create a folder for each process, keep certificates that are valid for long enough, and"
                       " renew the others")  # fmt: skip
    certs.add_argument("names", nargs="+", type=_process_name, metavar="name", help="processes, such as users books")
    certs.set_defaults(run=_certs)
    health = commands.add_parser("health", help="check over gRPC whether a service is serving")
    health.add_argument("address", help="host and port, such as 127.0.0.1:50052")
    health.add_argument("service", nargs="?", default="", help="full name, such as bookstore.books.v1.Books")
    health.add_argument("--as", dest="caller", default="tester", help="with TLS, whose certificate to present")
    health.add_argument("--to", dest="audience", help="with TLS, the service's name (default: the same as --as)")
    health.set_defaults(run=_health)
    ready = commands.add_parser("ready", help="check whether URLs return the status 200")
    ready.add_argument("urls", nargs="+", metavar="url", help="such as http://127.0.0.1:5001/ready")
    ready.set_defaults(run=_ready)
    return parser


def _new(options: argparse.Namespace) -> int:
    from mesh.new.create import create_service  # noqa: PLC0415 - these imports would take half of the time of a health check
    from mesh.new.errors import NewServiceError  # noqa: PLC0415

    try:
        new = create_service(Path(), options.service, options.resource, read_environment())
    except NewServiceError as error:
        print(error, file=sys.stderr)
        return 1
    for title, paths in (("Created:", new.created), ("Changed:", new.changed)):
        print("\n  ".join((title, *paths)))
    print(f"\n{new.next_steps}")
    return 0


def _token_lifetime(text: str) -> int:
    from mesh.identity import MAX_TOKEN_LIFETIME_SECONDS  # noqa: PLC0415 - a health check does not need it

    if text.isdecimal() and 0 < int(text) <= MAX_TOKEN_LIFETIME_SECONDS:
        return int(text)
    message = f"a lifetime is a number of seconds from 1 to {MAX_TOKEN_LIFETIME_SECONDS}, not {text!r}"
    raise argparse.ArgumentTypeError(message)


def _token(options: argparse.Namespace) -> int:
    from mesh.identity import Signer  # noqa: PLC0415 - as above
    from mesh.secrets import read_credentials  # noqa: PLC0415

    credentials = read_credentials(read_environment(), options.caller)
    print(Signer(options.caller, credentials).portable_token(options.audience, options.seconds))
    return 0


def _certs(options: argparse.Namespace) -> int:
    from mesh.cert_folders import AUTHORITY_FOLDER, renew_certificates  # noqa: PLC0415 - as above
    from mesh.certs import FilesExistError, write_certificates  # noqa: PLC0415

    if options.renew:
        if AUTHORITY_FOLDER in options.names:
            message = f"{AUTHORITY_FOLDER} is the name of the authority's folder, and cannot be the name of a process."
            raise ConfigError(message)
        for sentence in renew_certificates(options.dir, options.names, options.days):
            print(sentence)
        return 0
    try:
        for file in write_certificates(options.dir, options.names, options.days):
            print(file)
    except (FilesExistError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _process_name(text: str) -> str:
    if text == "ca" or not PROCESS_NAME_PATTERN.fullmatch(text):
        message = f"a name consists of lower-case letters, digits and hyphens, and must not be `ca`: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


def _health(options: argparse.Namespace) -> int:
    with _channel(options) as channel:
        status = check_service(channel, options.service)
    print(status)
    return 0 if status == "SERVING" else 1


def _channel(options: argparse.Namespace) -> grpc.Channel:
    folder = read_environment().get("MESH_TLS_DIR", "").strip()
    if not folder:
        return grpc.insecure_channel(options.address, [WITHOUT_PROXY])
    from mesh.tls import Tls, server_name_options  # noqa: PLC0415 - as above

    credentials = Tls(Path(folder)).channel_credentials(options.caller)
    names = server_name_options(options.audience or options.caller)
    return grpc.secure_channel(options.address, credentials, [WITHOUT_PROXY, *names])


def _ready(options: argparse.Namespace) -> int:
    statuses = {url: check_url(url) for url in options.urls}
    for url, status in statuses.items():
        print(f"{url} {status}")
    return 0 if set(statuses.values()) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
