"""A request goes through the checks of the server to the app, and refusals go to the app too."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from mesh.web.lanes import Lane
from mesh.web.site import REFUSAL, Environ, Site
from mesh.web.tests.test_wsgi import Headers
from mesh.web.tests.test_wsgi import Protocol as Responses
from mesh.web.worker import Requests

pytestmark = pytest.mark.unit


def respond(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Respond with the refusal if there is one; `/broken` raises."""
    refusal = environ.get(REFUSAL)
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError
    start_response(f"{refusal.status if refusal else 200} -", list(refusal.headers.items()) if refusal else [])
    return [refusal.message.encode() if refusal else b"ok"]


def handle(path: str, lane: Lane, *headers: tuple[str, str]) -> list[Any]:
    """Return what is sent for a GET with these headers."""
    site = Site(respond, {"lane": lane}, lambda _: "lane", lambda _: "192.0.2.1", max_body_bytes=100)
    scope = SimpleNamespace(
        method="GET", path=path, query_string="", http_version="1.1", scheme="http", client="192.0.2.1:1",
        server="127.0.0.1:2", headers=Headers(*headers),
    )  # fmt: skip
    protocol = Responses()
    Requests(site).handle(SimpleNamespace(scope=scope, proto=protocol))
    return protocol.sent


HOST = ("host", "shop.example")
ONE = Lane(running=1, waiting=0)


def test_a_request_reaches_the_app() -> None:
    """Its lane has a free thread."""
    assert handle("/", ONE, HOST) == ["bytes", 200, [], b"ok"]


def test_a_request_without_a_host_is_refused_by_the_app() -> None:
    """So the response looks like all others."""
    assert handle("/", ONE)[1:3] == [400, [("Connection", "close")]]


@pytest.mark.parametrize("status", [429, 503])
def test_a_full_lane_has_its_own_status(status: int) -> None:
    """The client learns when to try again."""
    sent = handle("/", Lane(running=0, waiting=0, status=status), HOST)
    assert sent[1:3] == [status, [("Retry-After", "1")]]


def test_an_exception_is_a_response_too() -> None:
    """The client does not wait for one that never comes."""
    assert handle("/broken", ONE, HOST) == ["bytes", 500, [], b""]
