"""A request reaches the app as PEP 3333 describes, and its response the client."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mesh.web.hosts import NOT_ONE_HOST, host_refusal
from mesh.web.site import Environ
from mesh.web.wsgi import WholeFile, build_environ, run, wrap_file

pytestmark = pytest.mark.unit


class Headers:
    """Granian's headers; a value that is not ASCII is None."""

    def __init__(self, *pairs: tuple[str, str | None]) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self.keys())

    def keys(self) -> list[str]:
        """Return each name once."""
        return list(dict.fromkeys(name for name, _ in self._pairs))

    def items(self) -> list[tuple[str, str]]:
        """Return the readable pairs."""
        return [(name, value) for name, value in self._pairs if value is not None]

    def get_all(self, name: str) -> list[str]:
        """Return the readable values."""
        return [value for each, value in self.items() if each == name]


def environ(*pairs: tuple[str, str | None], **changed: str) -> Environ:
    """Return the environment of a request with these headers."""
    good = {"method": "GET", "path": "/books", "query_string": "page=1", "http_version": "1.1", "scheme": "http"}
    addresses = {"client": "192.0.2.1:4711", "server": "127.0.0.1:5002"}
    return build_environ(SimpleNamespace(**{**good, **addresses, **changed}, headers=Headers(*pairs)))


class Protocol:
    """Granian's object for a request, which keeps the response."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def response_bytes(self, *response: object) -> None:
        """Keep a response from memory."""
        self.sent = ["bytes", *response]

    def response_file(self, *response: object) -> None:
        """Keep a response from a file."""
        self.sent = ["file", *response]


def test_the_request_is_translated() -> None:
    """Addresses lose their ports and brackets, and bytes of the path appear as latin-1."""
    made = environ(
        ("content-type", "text/plain"), ("x-odd", "1"), path="/ä", client="[2001:db8::1]:1", http_version="1"
    )
    assert made["PATH_INFO"] == "/ä".encode().decode("latin-1")
    assert (made["REMOTE_ADDR"], made["SERVER_NAME"], made["SERVER_PORT"]) == ("2001:db8::1", "127.0.0.1", "5002")
    assert (made["CONTENT_TYPE"], made["HTTP_X_ODD"], made["SERVER_PROTOCOL"]) == ("text/plain", "1", "HTTP/1.0")
    assert made["wsgi.input"].read() == b""


def test_repeated_headers_are_joined_and_unreadable_ones_are_empty() -> None:
    """Two cookies stay two, and an origin that cannot be read does not count as absent."""
    made = environ(("cookie", "a=1"), ("cookie", "a=2"), ("accept", "x"), ("accept", "y"), ("origin", None))
    assert (made["HTTP_COOKIE"], made["HTTP_ACCEPT"], made["HTTP_ORIGIN"]) == ("a=1; a=2", "x,y", "")


def test_an_underscore_does_not_replace_a_header() -> None:
    """`X_Forwarded_For` and `X-Forwarded-For` have the same key in the environment."""
    made = environ(("x-forwarded-for", "192.0.2.1"), ("x_forwarded_for", "198.51.100.1"))
    assert made["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("pairs", "version", "valid"),
    [
        ([("host", "shop.example:5002")], "1.1", True),
        ([("host", "[::1]:5002")], "1.1", True),
        ([], "1", True),
        ([], "1.1", False),
        ([("host", "")], "1.1", False),
        ([("host", "a"), ("host", "b")], "1.1", False),
        ([("host", "a"), ("host", "a")], "1", False),
        ([("host", "a b")], "1.1", False),
        ([("host", "a/b")], "1.1", False),
        ([("host", "user@a")], "1.1", False),
        ([("host", None)], "1.1", False),
    ],
)
def test_a_request_names_one_host(pairs: list[tuple[str, str | None]], version: str, *, valid: bool) -> None:
    """Only HTTP/1.0 knows requests without one."""
    assert host_refusal(environ(*pairs, http_version=version)) == (None if valid else NOT_ONE_HOST)


def test_the_response_is_sent() -> None:
    """The app's iterable is joined, and closed."""
    closed: list[bool] = []

    class Parts(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(_: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [("X-A", "1")])
        return Parts([b"a", b"b"])

    protocol = Protocol()
    run(app, protocol, environ())
    assert protocol.sent == ["bytes", 201, [("X-A", "1")], b"ab"]
    assert closed == [True]


def test_a_file_is_sent_without_reading_it(tmp_path: Path) -> None:
    """A part of a file is read."""
    path = tmp_path / "file"
    path.write_bytes(b"content")

    def app(_: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return wrap_file(path.open("rb"))

    protocol = Protocol()
    run(app, protocol, environ())
    assert protocol.sent == ["file", 200, [], str(path)]
    assert b"".join(WholeFile(str(path))) == b"content"
