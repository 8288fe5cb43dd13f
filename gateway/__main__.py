"""`python -m gateway`: runs the gateway."""

import sys

from flask import Flask

from gateway.app import create_app
from gateway.config import Config
from gateway.serving import PortInUseError, listen, serve
from gateway.stubs import connect
from mesh import logs
from mesh.env import ConfigError, read_environment


def main() -> int:
    """Runs until it is told to end; the exit status is 2 for a bad setting, 1 for a port in use."""
    environ = read_environment()
    try:
        logs.configure("gateway", environ)
        config = Config.from_env(environ)
        sockets = listen(config)
    except ConfigError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    except PortInUseError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1

    def load(sets: tuple[str, ...]) -> Flask:
        return create_app(config, connect(config), sets)

    logs.get("gateway").info("serving", host=config.host, ports=[port.number for port in config.ports])
    return serve(config, sockets, load)


if __name__ == "__main__":
    sys.exit(main())
