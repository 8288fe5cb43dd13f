"""The environment of the product's processes, which depends on the settings only and not on the shell."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from launcher.addresses import Addresses

ROOT = Path(__file__).resolve().parent.parent
LIBRARY_VARIABLES = re.compile(
    r"PYTHON.*|_*PYVENV_.*|VIRTUAL_ENV.*|((https?|ftp|all|no|grpc|no_grpc)_proxy)|GRPC_.*|PROTOCOL_BUFFERS_.*"
    r"|FLASK_.*|WERKZEUG_.*|GRANIAN_.*|OTEL_.*|LIBMYSQL_.*|MYSQL_TCP_PORT|MYSQL_UNIX_PORT|SQLALCHEMY_.*"
    r"|PYDANTIC_.*|OPENSSL_.*|SSLKEYLOGFILE|MALLOC_.*|GLIBC_TUNABLES|PIP_.*|UV_.*|npm_.*|NODE_.*",
    re.IGNORECASE,
)
"""Variables that libraries of the product read on their own. All addresses of the product are on this machine or in
its own network, so no call needs a proxy."""


def process_environment(environ: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    """Return the environment of the processes.

    Args:
        environ: the settings.
        addresses: where the processes listen.
    """
    kept = {name: value for name, value in environ.items() if not LIBRARY_VARIABLES.fullmatch(name)}
    port = addresses.frontend.port
    hosts = dict.fromkeys(("localhost", "127.0.0.1", addresses.browser_host()))
    return {
        "CORS_ORIGINS": ",".join(f"http://{host}:{port}" for host in hosts),
        **addresses.targets(),
        **{name: value for name, value in kept.items() if value.strip() or name not in addresses.targets()},
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath))),
        "PYTHONPATH": str(ROOT),
    }
