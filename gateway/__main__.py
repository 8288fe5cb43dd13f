"""`python -m gateway`: runs the gateway."""

import sys

from flask import Flask

from gateway.app import create_app
from gateway.config import Config
from gateway.server.ports import open_ports, serve
from gateway.stubs import connect
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.ports import PortInUseError


def main() -> int:
    """Serve until SIGTERM or SIGINT; return 2 for a bad setting and 1 for a port in use."""
    try:
        environ = read_environment()
        logs.configure("gateway", environ)
        config = Config.from_env(environ)
        sockets = open_ports(config.host, config.ports)
    except ConfigError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    except PortInUseError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1

    def load(groups: tuple[str, ...]) -> Flask:
        return create_app(config, connect(config), groups)

    logs.get("gateway").info("serving", host=config.host, ports=[port.number for port in config.ports])
    return serve(config.ports, sockets, load, config.threads)


if __name__ == "__main__":
    sys.exit(main())
