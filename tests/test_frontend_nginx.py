"""A real nginx, with the settings that the image starts it with, answers as `python -m frontend.server` does."""

import gzip
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from werkzeug.test import Client

from frontend.server.app import create_app
from frontend.server.config import Config
from frontend.server.headers import FILE, LINE
from tests.harness import PATIENCE, ROOT, Process, answers, free_ports
from tests.servers.bring import Machine
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
"""Each has to be the same in both, or missing in both."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the image's, with a small build."""
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
    """The image's start with the real program, which reads this folder as whoever runs the tests."""
    programs = shop.parent / "bin"
    programs.mkdir()
    real, only_root = Machine().find("nginx"), "-g 'user root;'" if os.geteuid() == 0 else ""
    for name, text in {"envsubst": ENVSUBST, "nginx": f'#!/bin/sh\nexec {real} {only_root} "$@"\n'}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (port,) = free_ports(1)
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "RUN_DIR": str(shop.parent / "run"), "LISTEN": str(port)}
    process = Process(["sh", str(shop / "start.sh")], environ, shop, shop.parent / "log")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Accept-Encoding": "identity"}) as client:
            deadline = time.monotonic() + PATIENCE
            while not answers(f"{client.base_url}/config.json"):
                assert process.alive(), process.log.read_text()
                assert time.monotonic() < deadline, "nginx does not answer"
                time.sleep(0.02)
            yield client
    finally:
        process.stop()


@pytest.fixture(scope="module")
def ours(shop: Path) -> Client:
    """What `make run` serves, over the same build."""
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
def test_both_servers_answer_the_same(nginx: httpx.Client, ours: Client, path: str, encoding: str) -> None:
    """Status, body, and each header that matters to a browser or a cache."""
    asked = {"Accept-Encoding": encoding, "Host": "127.0.0.1"}
    theirs, own = nginx.get(path, headers=asked), ours.get(path, headers=asked, buffered=True)
    assert theirs.status_code == own.status_code
    if path == "/config.json":
        assert theirs.json() == own.json  # laid out otherwise
    else:
        assert theirs.content == (gzip.decompress(own.data) if "Content-Encoding" in own.headers else own.data)
    assert told(theirs.headers) == told(dict(own.headers))


def told(headers: Mapping[str, str]) -> dict[str, str | None]:
    """What matters of the headers. A charset may stand in quotes (RFC 9110, 8.3.1)."""
    return {name: (headers.get(name) or "").replace('"', "") or None for name in HEADERS}


def test_a_page_that_is_known_is_not_sent_again(nginx: httpx.Client) -> None:
    """The browser asks, and is told that nothing changed; the headers still guard it."""
    first = nginx.get("/browse")
    again = nginx.get("/browse", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_only_reading_is_possible(nginx: httpx.Client) -> None:
    """Everything else is refused."""
    assert nginx.post("/login", content=b"x").status_code == 405


def test_nothing_outside_of_the_build_is_served(nginx: httpx.Client) -> None:
    """Whatever the path."""
    for path in ("/..%2fstart.sh", "/assets/..%2f..%2fstart.sh", "/%2e%2e/start.sh"):
        assert "envsubst" not in nginx.get(path).text


def test_the_images_check_of_its_health_is_a_real_one(nginx: httpx.Client, shop: Path) -> None:
    """Green while it serves, red when nobody listens."""
    command = ["bash", str(shop / "healthy.sh")]
    port = str(nginx.base_url.port)
    assert subprocess.run(command, env={"LISTEN": port, "PATH": os.defpath}, check=False).returncode == 0
    (nobody,) = free_ports(1)
    done = subprocess.run(
        command, env={"LISTEN": str(nobody), "PATH": os.defpath}, check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode != 0
