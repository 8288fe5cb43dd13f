"""`python -m frontend.server`: serves the built app."""

import sys
from functools import partial

from frontend.server.app import DIST, create_app
from frontend.server.config import Config
from frontend.server.http_server import serve
from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.ports import PortInUseError, open_port
from mesh.web import BACKLOG


def main() -> int:
    """Serve until SIGTERM or SIGINT; return 2 for a bad setting, and 1 for a port in use or a missing build."""
    try:
        environ = read_environment()
        logs.configure("frontend", environ)
        config = Config.from_env(environ)
        sock = open_port(config.host, config.port, "FRONTEND_PORT", BACKLOG)
    except ConfigError as error:
        print(f"frontend: {error}", file=sys.stderr)
        return 2
    except PortInUseError as error:
        print(f"frontend: {error}", file=sys.stderr)
        return 1
    if not (DIST / "index.html").is_file():
        print("frontend: There is no build. Run `npm ci` and `npm run build` in frontend/ first.", file=sys.stderr)
        return 1
    logs.get("frontend").info("serving", host=config.host, port=config.port)
    return serve(sock, partial(create_app, config))


if __name__ == "__main__":
    sys.exit(main())
