"""`python -m frontend`: serves the built shop."""

import sys
from collections.abc import Callable

from frontend.app import DIST, create_app
from frontend.config import Config
from frontend.serving import PortInUseError, check, serve
from mesh import logs
from mesh.env import ConfigError, read_environment


def main() -> int:
    """Runs until it is told to end; the exit status is 2 for a bad setting, 1 when it cannot start."""
    environ = read_environment()
    try:
        logs.configure("frontend", environ)
        config = Config.from_env(environ)
        check(config)
    except ConfigError as error:
        print(f"frontend: {error}", file=sys.stderr)
        return 2
    except PortInUseError as error:
        print(f"frontend: {error}", file=sys.stderr)
        return 1
    if not (DIST / "index.html").is_file():
        print("frontend: there is no build; run `npm ci` and `npm run build` in frontend/ first.", file=sys.stderr)
        return 1

    def load() -> Callable[..., object]:
        return create_app(config)

    logs.get("frontend").info("serving", host=config.host, port=config.port)
    return serve(config, load)


if __name__ == "__main__":
    sys.exit(main())
