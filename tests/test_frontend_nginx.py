"""A real nginx with the image's configuration responds as `python -m frontend.server` does."""

import gzip
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from werkzeug.test import Client

from frontend.server.app import create_app
from frontend.server.config import Config
from frontend.server.headers import FILE, LINE
from mesh.testing import wait_until
from mesh.testing.ports import free_ports
from tests.harness import PROCESS_TIMEOUT_SECONDS, ROOT, Process, responds
from tests.servers.provision import Machine
from tests.test_frontend_image import ENVSUBST

pytestmark = pytest.mark.integration

SCRIPT = "console.log('the app');" * 100
BUILD = {
    "index.html": "<!doctype html><title>the app</title>",
    "theme.js": "one();",
    "assets/index-abc123.js": SCRIPT,
    "assets/index-abc123.css": "p{}",
    "assets/letters-abc123.woff2": "letters",
    "images/books/1.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    ".vite/manifest.json": "{}",
}
HEADERS = ["Content-Type", "Cache-Control", "Content-Encoding", *(name for name, _ in LINE.findall(FILE.read_text()))]
"""Each header is the same in both responses, or missing in both."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the image's files and a small build."""
    folder = tmp_path_factory.mktemp("image") / "shop"
    shutil.copytree(ROOT / "frontend" / "nginx", folder)
    shutil.copy(FILE, folder)
    for name, text in BUILD.items():
        (folder / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "dist" / name).write_text(text)
    (folder / "dist" / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return folder


@pytest.fixture(scope="module")
def nginx(shop: Path) -> Iterator[httpx.Client]:
    """The image's start script with the real nginx, which runs as the user of the tests."""
    programs = shop.parent / "bin"
    programs.mkdir()
    nginx_path, user_option = Machine().find("nginx"), "-g 'user root;'" if os.geteuid() == 0 else ""
    for name, text in {"envsubst": ENVSUBST, "nginx": f'#!/bin/sh\nexec {nginx_path} {user_option} "$@"\n'}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (port,) = free_ports(1)
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "RUN_DIR": str(shop.parent / "run"), "LISTEN": str(port)}
    process = Process(["sh", str(shop / "start.sh")], environ, shop, shop.parent / "log")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Accept-Encoding": "identity"}) as client:
            url = f"{client.base_url}/config.json"
            wait_until(lambda: responds(url) or not process.is_alive(), PROCESS_TIMEOUT_SECONDS)
            assert process.is_alive(), process.log.read_text()
            yield client
    finally:
        process.stop()


@pytest.fixture(scope="module")
def python_server(shop: Path) -> Client:
    """The server of `make run`, with the same build."""
    return Client(create_app(Config.from_env({}), shop / "dist"))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/browse?genre=Poetry",
        "/books/12",
        "/no/such/page",
        "/images",
        "/theme.js",
        "/assets/index-abc123.js",
        "/assets/index-abc123.css",
        "/assets/letters-abc123.woff2",
        "/images/books/1.svg",
        "/config.json",
        "/assets/index-old.js",
        "/assets/old",
        "/images/books/2.svg",
        "/.vite/manifest.json",
        "/assets/index-abc123.js.gz",
    ],
)
def test_both_servers_respond_the_same(nginx: httpx.Client, python_server: Client, path: str, encoding: str) -> None:
    """Status, body, and each header that matters to a browser or a cache are equal."""
    headers = {"Accept-Encoding": encoding, "Host": "127.0.0.1"}
    actual, expected = nginx.get(path, headers=headers), python_server.get(path, headers=headers, buffered=True)
    assert actual.status_code == expected.status_code
    if path == "/config.json":
        assert actual.json() == expected.json  # the whitespace differs
    else:
        is_compressed = "Content-Encoding" in expected.headers
        assert actual.content == (gzip.decompress(expected.data) if is_compressed else expected.data)
    assert relevant_headers(actual.headers) == relevant_headers(dict(expected.headers))


def relevant_headers(headers: Mapping[str, str]) -> dict[str, str | None]:
    """Return the headers to compare. A charset may be quoted (RFC 9110, 8.3.1)."""
    return {name: (headers.get(name) or "").replace('"', "") or None for name in HEADERS}


def test_an_unchanged_page_is_not_sent_again(nginx: httpx.Client) -> None:
    """The response is 304, and still has the security headers."""
    first = nginx.get("/browse")
    again = nginx.get("/browse", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_only_reading_is_possible(nginx: httpx.Client) -> None:
    """Every other method is refused."""
    assert nginx.post("/login", content=b"x").status_code == 405


def test_nothing_outside_of_the_build_is_served(nginx: httpx.Client) -> None:
    """Encoded paths to parent folders do not work."""
    for path in ("/..%2fstart.sh", "/assets/..%2f..%2fstart.sh", "/%2e%2e/start.sh"):
        assert "envsubst" not in nginx.get(path).text


def test_the_images_health_check_tests_the_port(nginx: httpx.Client, shop: Path) -> None:
    """It succeeds while nginx serves, and fails when no process listens."""
    command = ["bash", str(shop / "healthy.sh")]
    port = str(nginx.base_url.port)
    assert subprocess.run(command, env={"LISTEN": port, "PATH": os.defpath}, check=False).returncode == 0
    (unused_port,) = free_ports(1)
    completed = subprocess.run(
        command, env={"LISTEN": str(unused_port), "PATH": os.defpath}, check=False, stderr=subprocess.DEVNULL
    )
    assert completed.returncode != 0
