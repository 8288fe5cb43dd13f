"""The whole body of a request is read before the app runs, and bodies that do not arrive in time are given up."""

import io
import threading
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.http.parsing import MAX_BODY_BYTES
from gateway.server.bodies import BodyReader
from mesh.testing import wait_until

pytestmark = pytest.mark.unit

TIMEOUT_SECONDS = 30
"""Limit for what happens at once unless the test fails."""


class SlowBody:
    """A body that arrives when the test says so, or when the connection has been closed."""

    def __init__(self) -> None:
        self.reading, self.arrived = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        """Wait, then return the body."""
        self.reading.set()
        assert self.arrived.wait(TIMEOUT_SECONDS)
        return b"{}"[:size]


class Response:
    """What a WSGI app responds with.

    Args:
        app: the app.
        environ: the request.
    """

    def __init__(self, app: BodyReader, environ: dict[str, Any]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b"".join(app(environ, self._start))

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = int(status[:3]), dict(headers)


def request(body: Any, **more: str) -> dict[str, Any]:
    """A request with that body."""
    return {"CONTENT_LENGTH": "2", "REMOTE_ADDR": "192.0.2.1", "wsgi.input": body, **more}


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An app that returns the body that it reads."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def test_a_body_is_complete_when_the_app_reads_it() -> None:
    """It holds up to one byte more than the limit, so that the app notices that it is too large."""
    app = BodyReader(echo, max_bodies=1)
    assert Response(app, request(io.BytesIO(b"hello"))).body == b"hello"
    assert Response(app, request(io.BytesIO(b"x" * 10 * MAX_BODY_BYTES))).body == b"x" * (MAX_BODY_BYTES + 1)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "0"}
    assert Response(app, request(io.BytesIO(b"hello"), **chunked)).body == b"hello"


def test_nothing_is_read_of_a_request_without_a_body() -> None:
    """Such a request costs no other thread."""
    stream = io.BytesIO(b"hello")
    list(BodyReader(lambda *_: [], max_bodies=1)(request(stream, CONTENT_LENGTH="0"), lambda *_: None))
    assert stream.tell() == 0


def test_a_body_that_does_not_arrive_gets_408() -> None:
    """The response is sent while the read still blocks, the app does not run, and the place becomes free afterwards."""
    app, body = BodyReader(echo, max_bodies=1, timeout_seconds=0.05), SlowBody()
    with capture_logs() as lines:
        response = Response(app, request(body))
    assert response.json == {"code": 408, "message": "The body took too long to arrive."}
    assert response.headers == {"content-type": "application/json", "connection": "close"}
    assert [(line["event"], line["address"]) for line in lines] == [("a body took too long", "192.0.2.1")]
    body.arrived.set()
    wait_until(lambda: Response(app, request(io.BytesIO(b"next"))).body == b"next")


def test_only_so_many_bodies_are_read_at_once() -> None:
    """The next request with a body gets 503 at once; requests without a body are served as before."""
    app, body = BodyReader(echo, max_bodies=1), SlowBody()
    waiting = threading.Thread(target=Response, args=(app, request(body)))
    waiting.start()
    assert body.reading.wait(TIMEOUT_SECONDS)
    refused = Response(app, request(io.BytesIO(b"{}")))
    assert (refused.status, refused.json["code"], refused.headers["retry-after"]) == (503, 503, "1")
    assert refused.headers["content-type"] == "application/json"
    assert Response(app, request(io.BytesIO(b""), CONTENT_LENGTH="0")).body == b""
    body.arrived.set()
    waiting.join(TIMEOUT_SECONDS)
    assert Response(app, request(io.BytesIO(b"next"))).body == b"next"
