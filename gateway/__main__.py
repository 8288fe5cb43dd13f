"""`python -m gateway`: runs the gateway."""

import sys

from gateway.app import create_site
from gateway.config import Config
from gateway.server import open_ports, serve
from gateway.stubs import connect
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.ports import PortInUseError
from mesh.web import Site


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

    def load(ports: tuple[str, ...]) -> Site:
        return create_site(config, connect(config), ports)

    logs.get("gateway").info("serving", host=config.host, ports=[port.number for port in config.ports])
    return serve(config.ports, sockets, load)


if __name__ == "__main__":
    sys.exit(main())
