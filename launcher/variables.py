"""Which variables of the environment reach the tools that install and build, and the processes of the product.

Libraries and tools read variables on their own. A variable that was set for another project would change what is
installed here, or how the product behaves. Uses only the standard library.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".tools" / "cache"
"""The cache of pip, uv and npm when the home folder cannot be written to."""
PYTHON = r"PYTHON.*|_*PYVENV_.*|VIRTUAL_ENV.*|CONDA_.*|PIP_.*|UV_.*"
NODE = r"npm_.*|NODE_.*|VITE_.*|ROLLDOWN_.*|ROLLUP_.*|NAPI_RS_.*|BROWSERSLIST.*"
LIBRARIES = (
    r"GRPC_.*|PROTOCOL_BUFFERS_.*|TEMPORARILY_DISABLE_PROTOBUF_.*|FLASK_.*|WERKZEUG_.*|GRANIAN_.*|SQLALCHEMY_.*"
    r"|DISABLE_SQLALCHEMY_.*|PYDANTIC_.*|OTEL_.*|LIBMYSQL_.*|MYSQL_(TCP_PORT|UNIX_PORT|HOME|GROUP_SUFFIX|TEST_LOGIN_FILE)"
    r"|OPENSSL_.*|SSLKEYLOGFILE|MALLOC_.*|GLIBC_TUNABLES"
)
PROXIES = r"(https?|ftp|all|no|grpc|no_grpc)_proxy"
NETWORK_VARIABLES = re.compile(
    r"PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|PROXY|CERT|CLIENT_CERT|KEYRING_PROVIDER"
    r"|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|CACHE_DIR|NO_CACHE_DIR|CONFIG_FILE)"
    r"|UV_(INDEX.*|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|OFFLINE|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS"
    r"|KEYRING_PROVIDER|HTTP_.*|REQUEST_TIMEOUT|CONCURRENT_.*|CACHE_DIR|NO_CACHE|LINK_MODE|CONFIG_FILE)"
    r"|npm_config_(registry|@.*|//.*|proxy|https?_proxy|noproxy|cafile|ca|cert|key|strict_ssl|cache|prefer_offline"
    r"|offline|userconfig|globalconfig|fetch_.*|maxsockets)"
    r"|NODE_(EXTRA_CA_CERTS|USE_SYSTEM_CA|TLS_REJECT_UNAUTHORIZED)",
    re.IGNORECASE,
)
"""How to reach and cache packages: the only variables of pip, uv and npm that are kept for them."""
TOOL_VARIABLES = re.compile(f"{PYTHON}|{NODE}|{LIBRARIES}", re.IGNORECASE)
PROCESS_VARIABLES = re.compile(f"{PYTHON}|{NODE}|{LIBRARIES}|{PROXIES}", re.IGNORECASE)


def for_tools(environ: Mapping[str, str], virtual_environment: Path) -> dict[str, str]:
    """Return the environment of pip, uv, npm and the launcher.

    Args:
        environ: the environment of this process.
        virtual_environment: the folder into which uv installs.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if NETWORK_VARIABLES.fullmatch(name) or not TOOL_VARIABLES.fullmatch(name)
    }
    if not os.path.isdir(kept.get("TMPDIR", "")):  # noqa: PTH112 - Path("") is a folder
        kept.pop("TMPDIR", None)  # they would fail, where Python uses /tmp
    caches = ("PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache")
    defaults = {} if _can_write_home() else dict.fromkeys(caches, str(CACHE))
    return {**defaults, **kept, "UV_PROJECT_ENVIRONMENT": str(virtual_environment), "UV_PYTHON_DOWNLOADS": "never"}


def for_processes(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the product's processes, without proxies: all their calls stay in one network.

    Args:
        environ: the settings.
    """
    kept = {name: value for name, value in environ.items() if not PROCESS_VARIABLES.fullmatch(name)}
    path = os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath)))
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT)}


def _can_write_home() -> bool:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises without one
    return os.access(home, os.W_OK | os.X_OK)
