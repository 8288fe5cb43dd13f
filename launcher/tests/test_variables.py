"""Variables that were set for other projects reach neither the tools nor the processes."""

from pathlib import Path

import pytest

from launcher.variables import for_processes, for_tools

pytestmark = pytest.mark.unit

FOLDER = Path("/shop/.venv")
FOREIGN = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "PYTHONASYNCIODEBUG",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_REQUIRE_VIRTUALENV",
    "UV_PYTHON",
    "UV_NO_DEV",
    "UV_LOCKED",
    "NODE_ENV",
    "NODE_OPTIONS",
    "npm_config_omit",
    "NPM_CONFIG_PREFIX",
    "npm_config_global",
    "VITE_USER_NODE_ENV",
    "GRPC_TRACE",
    "GRPC_POLL_STRATEGY",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "FLASK_DEBUG",
    "WERKZEUG_RUN_MAIN",
    "GRANIAN_WORKERS",
    "SSLKEYLOGFILE",
    "OPENSSL_CONF",
    "MYSQL_TCP_PORT",
    "grpc_proxy",
    "MALLOC_PERTURB_",
    "OTEL_SDK_DISABLED",
]
NETWORK = [
    "PIP_INDEX_URL",
    "PIP_CERT",
    "PIP_NO_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_SHOP_PASSWORD",
    "UV_OFFLINE",
    "npm_config_registry",
    "NPM_CONFIG_CAFILE",
    "npm_config_//registry.example/:_authToken",
    "NODE_EXTRA_CA_CERTS",
]
PROXIES = ["http_proxy", "HTTPS_PROXY", "all_proxy", "NO_PROXY"]
KEPT = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "SSL_CERT_FILE",
    "dbURL",
    "MYSQL_PW",
    "RABBIT_URL",
    "PUBLIC_API_URL",
    "NEW_SETTING_OF_A_SERVICE",
]
ENVIRON = dict.fromkeys((*FOREIGN, *NETWORK, *PROXIES, *KEPT), "x")


def test_tools_get_what_they_need_to_reach_packages() -> None:
    """Proxies and registries are the user's; what to install is the product's."""
    environ = for_tools(ENVIRON, FOLDER)
    assert {*NETWORK, *PROXIES, *KEPT} <= set(environ)
    assert not set(environ) & set(FOREIGN)
    assert environ["UV_PROJECT_ENVIRONMENT"] == str(FOLDER)


def test_processes_get_the_settings_only() -> None:
    """They call each other directly, and import nothing from elsewhere."""
    environ = for_processes(ENVIRON)
    assert set(KEPT) <= set(environ)
    assert set(environ) - set(KEPT) == {"PYTHONPATH"}
    assert environ["PYTHONPATH"] == str(Path(__file__).resolve().parents[2])
    assert environ["PATH"].endswith(":x")


def test_a_home_folder_that_cannot_be_written_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages are cached in the checkout, unless the user names a cache."""
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    environ = for_tools({"UV_CACHE_DIR": "/cache"}, FOLDER)
    assert environ["UV_CACHE_DIR"] == "/cache"
    assert environ["npm_config_cache"].endswith("/.tools/cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "npm_config_cache" not in for_tools({}, FOLDER)


@pytest.mark.parametrize("folder", ["", "/nonexistent"])
def test_a_folder_for_temporary_files_that_is_missing_is_not_used(folder: str) -> None:
    """Python then uses another one; npm and uv would fail."""
    assert "TMPDIR" not in for_tools({"TMPDIR": folder}, FOLDER)
    assert for_tools({"TMPDIR": "/"}, FOLDER)["TMPDIR"] == "/"
