"""What the shop's server answers, over a small build."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from frontend.app import create_app
from frontend.config import Config
from frontend.headers import FILE

pytestmark = pytest.mark.unit

PAGE = "<!doctype html><title>the app</title>"
SCRIPT = "console.log('the app');" * 100


class Browser(Client):
    """Reads each answer to its end, as a browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """The whole answer."""
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """The app over a build with one file of each kind."""
    for name, text in {
        "index.html": PAGE,
        "theme.js": "",
        "assets/index-abc123.js": SCRIPT,
        "images/books/1.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        ".vite/manifest.json": "{}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return Browser(create_app(Config.from_env({}), tmp_path))


def policy(answer: TestResponse) -> dict[str, set[str]]:
    """The directives of the content security policy."""
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("path", ["/", "/browse", "/books/12", "/myorders?page=2", "/no/such/page", "/images"])
def test_every_address_of_the_app_gets_its_page(client: Client, path: str) -> None:
    """So that a reload and a shared link work; the page itself is asked for anew each time."""
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/assets/old", "/images/books/2.svg", "/.vite/manifest.json"])
def test_a_file_that_is_not_there_is_not_the_page(client: Client, path: str) -> None:
    """Else a browser would take the page for a script or an image."""
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, "Not found.\n")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/../config.py", "/assets/../../config.py", "/assets/%2e%2e/%2e%2e/config.py"])
def test_nothing_outside_of_the_build_is_served(client: Client, path: str) -> None:
    """Whatever the path."""
    assert client.get(path).status_code == 404


def test_hashed_files_are_kept_for_good(client: Client) -> None:
    """Their names change with what is in them; covers are kept for a day."""
    assert "immutable" in client.get("/assets/index-abc123.js").headers["Cache-Control"]
    assert client.get("/images/books/1.svg").headers["Cache-Control"] == "max-age=86400, public"
    assert client.get("/theme.js").headers["Cache-Control"] == "no-cache"


def test_who_takes_gzip_gets_it(client: Client) -> None:
    """As it was packed at build time; others get the file as it stands."""
    packed = client.get("/assets/index-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode() == SCRIPT
    plain = client.get("/assets/index-abc123.js")
    assert "Content-Encoding" not in plain.headers
    assert plain.text == SCRIPT
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_a_page_that_is_known_is_not_sent_again(client: Client) -> None:
    """The browser asks, and is told that nothing changed."""
    tag = client.get("/browse").headers["ETag"]
    assert client.get("/browse", headers={"If-None-Match": tag}).status_code == 304


def test_another_build_is_served_at_once(client: Client, tmp_path: Path) -> None:
    """Whoever builds while the server runs sees the new pages, not half of the old ones."""
    assert client.get("/").text == PAGE
    (tmp_path / "assets" / "index-def456.js").write_text("new")
    (tmp_path / "index.html").write_text("<!doctype html><title>another</title>")
    assert "another" in client.get("/browse").text
    assert client.get("/assets/index-def456.js").text == "new"


def test_only_reading_is_possible(client: Client) -> None:
    """Everything else is refused."""
    answer = client.post("/login")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_the_pages_are_told_where_the_gateway_is(client: Client) -> None:
    """At run time, so that one build fits every deployment."""
    answer = client.get("/config.json")
    assert answer.json == Config.from_env({}).urls
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/config.json", "/assets/index-abc123.js", "/nothing.here"])
def test_every_answer_is_guarded(client: Client, path: str) -> None:
    """Nothing inline, nothing from elsewhere, no framing, no guessing of types."""
    answer = client.get(path)
    found = policy(answer)
    assert found["default-src"] == {"'none'"}
    assert found["script-src"] == found["style-src"] == found["font-src"] == {"'self'"}
    assert found["frame-ancestors"] == {"'none'"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set().union(*found.values())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_browsers_are_told_to_stay_with_tls_where_there_is_some(client: Client, tmp_path: Path) -> None:
    """`HSTS_SECONDS` says for how long; without it nothing is said."""
    assert "Strict-Transport-Security" not in client.get("/").headers
    encrypted = Browser(create_app(Config.from_env({"HSTS_SECONDS": "31536000"}), tmp_path))
    for path in ("/", "/config.json", "/nothing.here"):
        assert encrypted.get(path).headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_pages_may_call_the_gateway_on_their_own_host(client: Client) -> None:
    """Whether it was opened as localhost or by a number."""
    for host in ("localhost", "127.0.0.1", "[::1]"):
        found = policy(client.get("/", headers={"Host": f"{host}:5173"}))
        assert {"'self'", f"http://{host}:5001", f"https://{host}:5005"} <= found["connect-src"]


def test_a_host_that_is_none_is_not_repeated(client: Client) -> None:
    """Nobody writes directives by a header."""
    found = policy(client.get("/", headers={"Host": "evil; script-src *"}))
    assert "http://localhost:5001" in found["connect-src"]
    assert found["script-src"] == {"'self'"}


def test_addresses_elsewhere_are_named_by_their_origin(tmp_path: Path) -> None:
    """A path adds none: it is the page's own origin."""
    settings = {"PUBLIC_API_URL": "https://api.example/v1", "PUBLIC_BOOKS_URL": "/api"}
    app = create_app(Config.from_env(settings), tmp_path)
    assert policy(Browser(app).get("/config.json"))["connect-src"] == {"'self'", "https://api.example"}


def test_every_line_of_the_headers_file_is_read(client: Client) -> None:
    """A line that nginx would take and this server would not is no line."""
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    names = [re.fullmatch(r'add_header ([A-Za-z-]+) ".+" always;', line) for line in lines]
    assert lines
    assert all(name and name[1] in client.get("/").headers for name in names)
