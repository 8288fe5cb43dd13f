"""The shop's image writes the same configuration for pages as `python -m frontend.server`, by the same rules."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from frontend.server.config import Config
from frontend.server.headers import FILE, LINE, SecurityHeaders
from mesh.env import ConfigError
from tests.harness import ROOT

pytestmark = pytest.mark.integration

ENVSUBST = f"""#!{sys.executable}
import os, re, sys
names = re.findall(r"\\w+", sys.argv[1]) if sys.argv[1:] else list(os.environ)
text = sys.stdin.read()
for name in names:
    text = re.sub(r"\\$(?:%s\\b|\\{{%s\\}})" % (name, name), lambda _: os.environ[name], text)
sys.stdout.write(text)
"""
"""A replacement for gettext's envsubst, which the image has and this machine may not."""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with the image's files, and the programs that its start script runs."""
    shop = tmp_path / "shop"
    shutil.copytree(ROOT / "frontend" / "nginx", shop)
    shutil.copy(FILE, shop)
    (tmp_path / "bin").mkdir()
    for name, text in {"envsubst": ENVSUBST, "nginx": "#!/bin/sh\necho nginx $*\n"}.items():
        program = tmp_path / "bin" / name
        program.write_text(text)
        program.chmod(0o755)
    return tmp_path


def start(image: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the image's start script with these settings."""
    path = os.pathsep.join((str(image / "bin"), "/usr/bin", "/bin"))
    environ = {"PATH": path, "RUN_DIR": str(image / "run"), **settings}
    command = ["sh", str(image / "shop" / "start.sh")]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"USERS_PORT": "6001", "BOOKS_PORT": ""},
        {"PUBLIC_API_URL": "https://api.example/v1"},
        {"PUBLIC_API_URL": "/api", "PUBLIC_BOOKS_URL": "https://books.example:8443", "PUBLIC_ORDERS_URL": ":9000/x"},
        {"PUBLIC_USERS_URL": "http://[::1]:5001"},
        {"HSTS_SECONDS": "31536000"},
        {"HSTS_SECONDS": "0"},
    ],
    ids=str,
)
def test_both_servers_write_the_same_configuration(image: Path, settings: dict[str, str]) -> None:
    """The gateway's addresses, and the origins that pages may call, are equal."""
    completed = start(image, settings)
    assert completed.stdout == f"nginx -c {image}/run/nginx.conf\n", completed.stderr
    config = Config.from_env(settings)
    urls = config.urls
    assert json.loads((image / "run" / "config.json").read_text()) == urls
    lines = (image / "run" / "security-headers.conf").read_text().replace("$page_host", "localhost")
    assert LINE.findall(lines) == SecurityHeaders(urls.values(), config.hsts_seconds).for_host("localhost")
    assert "listen 8080;" in (image / "run" / "nginx.conf").read_text()


@pytest.mark.parametrize("settings", [{"BOOKS_PORT": "99999"}, {"BOOKS_PORT": "0"}, {"BOOKS_PORT": "5002; x"}], ids=str)
def test_a_bad_port_is_refused_by_both(image: Path, settings: dict[str, str]) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match="BOOKS_PORT"):
        Config.from_env(settings)
    completed = start(image, settings)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith(f"frontend: BOOKS_PORT is '{settings['BOOKS_PORT']}', not a port")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a;b", "https://a b", "api", ':50"; x', "https://x\nhttps://y"]
)
def test_a_bad_address_is_refused_by_both(image: Path, url: str) -> None:
    """It would become part of a header."""
    settings = {"PUBLIC_BOOKS_URL": url}
    with pytest.raises(ConfigError):
        Config.from_env(settings)
    completed = start(image, settings)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("frontend: PUBLIC_BOOKS_URL")


def test_a_bad_duration_is_refused_by_both(image: Path) -> None:
    """It would become part of a header."""
    settings = {"HSTS_SECONDS": '1"; x'}
    with pytest.raises(ConfigError):
        Config.from_env(settings)
    completed = start(image, settings)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("frontend: HSTS_SECONDS")
