"""The server's responses for a small build."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from frontend.server.app import create_app
from frontend.server.config import Config
from frontend.server.headers import FILE

pytestmark = pytest.mark.unit

PAGE = "<!doctype html><title>the app</title>"
SCRIPT = "console.log('the app');" * 100


class Browser(Client):
    """A client that reads each response to its end, as a browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and return the whole response."""
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A client of the app with a build of one file of each kind."""
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


def policy(response: TestResponse) -> dict[str, set[str]]:
    """Return the directives of the content security policy."""
    parts = [part.split() for part in response.headers["Content-Security-Policy"].split(";")]
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("path", ["/", "/browse", "/books/12", "/myorders?page=2", "/no/such/page", "/images"])
def test_every_path_of_the_app_gets_its_page(client: Client, path: str) -> None:
    """A reload and a shared link work, and browsers ask for a new version of the page each time."""
    response = client.get(path)
    assert (response.status_code, response.text) == (200, PAGE)
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/assets/old", "/images/books/2.svg", "/.vite/manifest.json"])
def test_a_missing_file_is_not_the_page(client: Client, path: str) -> None:
    """Otherwise a browser would take the page for a script or an image."""
    response = client.get(path)
    assert (response.status_code, response.text) == (404, "Not found.\n")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/../config.py", "/assets/../../config.py", "/assets/%2e%2e/%2e%2e/config.py"])
def test_no_file_outside_the_build_is_served(client: Client, path: str) -> None:
    """No path leads out of its folder."""
    assert client.get(path).status_code == 404


def test_files_with_a_hash_in_their_name_are_cached_without_limit(client: Client) -> None:
    """Their names change with their content. Covers are cached for a day."""
    assert "immutable" in client.get("/assets/index-abc123.js").headers["Cache-Control"]
    assert client.get("/images/books/1.svg").headers["Cache-Control"] == "max-age=86400, public"
    assert client.get("/theme.js").headers["Cache-Control"] == "no-cache"


def test_clients_that_accept_gzip_get_it(client: Client) -> None:
    """The file was compressed at build time; other clients get it uncompressed."""
    packed = client.get("/assets/index-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode() == SCRIPT
    plain = client.get("/assets/index-abc123.js")
    assert "Content-Encoding" not in plain.headers
    assert plain.text == SCRIPT
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_an_unchanged_page_is_not_sent_again(client: Client) -> None:
    """A browser that sends the ETag gets 304."""
    tag = client.get("/browse").headers["ETag"]
    assert client.get("/browse", headers={"If-None-Match": tag}).status_code == 304


def test_a_new_build_is_served_at_once(client: Client, tmp_path: Path) -> None:
    """A build while the server runs replaces all pages, without a mixture of old and new ones."""
    assert client.get("/").text == PAGE
    (tmp_path / "assets" / "index-def456.js").write_text("new")
    (tmp_path / "index.html").write_text("<!doctype html><title>another</title>")
    assert "another" in client.get("/browse").text
    assert client.get("/assets/index-def456.js").text == "new"


def test_only_get_and_head_are_allowed(client: Client) -> None:
    """Other methods get 405."""
    response = client.post("/login")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_the_pages_learn_where_the_gateway_is(client: Client) -> None:
    """They read it at run time, so that one build fits every deployment."""
    response = client.get("/config.json")
    assert response.json == Config.from_env({}).urls
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/config.json", "/assets/index-abc123.js", "/nothing.here"])
def test_every_response_has_the_security_headers(client: Client, path: str) -> None:
    """They forbid inline code, other origins, framing and the guessing of types."""
    response = client.get(path)
    directives = policy(response)
    assert directives["default-src"] == {"'none'"}
    assert directives["script-src"] == directives["style-src"] == directives["font-src"] == {"'self'"}
    assert directives["frame-ancestors"] == {"'none'"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set().union(*directives.values())
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_browsers_must_stay_with_tls_where_it_is_in_use(client: Client, tmp_path: Path) -> None:
    """`HSTS_SECONDS` sets for how long; without it there is no such header."""
    assert "Strict-Transport-Security" not in client.get("/").headers
    encrypted = Browser(create_app(Config.from_env({"HSTS_SECONDS": "31536000"}), tmp_path))
    for path in ("/", "/config.json", "/nothing.here"):
        assert encrypted.get(path).headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_pages_may_call_the_gateway_on_their_own_host(client: Client) -> None:
    """The host may be a name or an IP address."""
    for host in ("localhost", "127.0.0.1", "[::1]"):
        directives = policy(client.get("/", headers={"Host": f"{host}:5173"}))
        assert {"'self'", f"http://{host}:5001", f"https://{host}:5005"} <= directives["connect-src"]


def test_an_invalid_host_is_not_repeated(client: Client) -> None:
    """A request header cannot add directives to the policy."""
    directives = policy(client.get("/", headers={"Host": "evil; script-src *"}))
    assert "http://localhost:5001" in directives["connect-src"]
    assert directives["script-src"] == {"'self'"}


def test_addresses_on_other_hosts_are_listed_by_their_origin(tmp_path: Path) -> None:
    """A path adds no origin: it is on the page's own."""
    settings = {"PUBLIC_API_URL": "https://api.example/v1", "PUBLIC_BOOKS_URL": "/api"}
    app = create_app(Config.from_env(settings), tmp_path)
    assert policy(Browser(app).get("/config.json"))["connect-src"] == {"'self'", "https://api.example"}


def test_every_line_of_the_headers_file_is_read(client: Client) -> None:
    """The file has no line that nginx would apply and this server would not."""
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    names = [re.fullmatch(r'add_header ([A-Za-z-]+) ".+" always;', line) for line in lines]
    assert lines
    assert all(name and name[1] in client.get("/").headers for name in names)
