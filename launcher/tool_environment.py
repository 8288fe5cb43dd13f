"""The environments of pip, uv and npm. Uses only the standard library.

These tools read their whole configuration from variables, so that a setting for another project changes what they
install here. They get those variables that say how to reach and cache packages, and none of the others.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".tools" / "cache"
"""The cache of all three when the home folder cannot be written to."""
TOOL_VARIABLES = re.compile(
    r"PYTHON.*|_*PYVENV_.*|VIRTUAL_ENV.*|CONDA_.*|PIP_.*|UV_.*|npm_.*|NODE_.*|VITE_.*|ROLLDOWN_.*|BROWSERSLIST.*",
    re.IGNORECASE,
)
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


def tool_environment(environ: Mapping[str, str], virtual_environment: Path) -> dict[str, str]:
    """Return the environment of pip, uv and npm.

    Args:
        environ: the environment of this process.
        virtual_environment: the folder into which uv installs.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if NETWORK_VARIABLES.fullmatch(name) or not TOOL_VARIABLES.fullmatch(name)
    }
    if not Path(kept.get("TMPDIR", "")).is_dir():
        kept.pop("TMPDIR", None)  # they would fail, where Python uses /tmp
    caches = (
        {}
        if _can_write_home()
        else {name: str(CACHE) for name in ("PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache")}
    )
    return {**caches, **kept, "UV_PROJECT_ENVIRONMENT": str(virtual_environment), "UV_PYTHON_DOWNLOADS": "never"}


def _can_write_home() -> bool:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises without one
    return os.access(home, os.W_OK | os.X_OK)
