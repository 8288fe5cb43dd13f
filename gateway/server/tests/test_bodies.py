"""The whole body of a request is read before the app runs, and bodies that do not arrive in time are given up."""

import io
import threading
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.http.parsing import MAX_BODY_BYTES
from gateway.server.bodies import BodyReader

pytestmark = pytest.mark.unit

TIMEOUT_SECONDS = 30
"""Limit for what happens at once unless the test fails."""


class Protocol:
    """Granian's protocol object, which keeps the response."""

    def __init__(self) -> None:
        self.responded = threading.Event()
        self.status = 0
        self.json: Any = None
        self.headers: dict[str, str] = {}

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep the response."""
        self.status, self.headers, self.json = status, dict(headers), orjson.loads(body)
        self.responded.set()


class SlowBody:
    """A body that arrives when the test says so, or when the connection has been closed."""

    def __init__(self) -> None:
        self.reading, self.arrived = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        """Wait, then return the body."""
        self.reading.set()
        assert self.arrived.wait(TIMEOUT_SECONDS)
        return b"{}"[:size]


def request(body: Any, **more: str) -> dict[str, Any]:
    """A request with that body."""
    return {"CONTENT_LENGTH": "2", "REMOTE_ADDR": "192.0.2.1", "wsgi.input": body, **more}


def echo(_: Protocol, environ: dict[str, Any]) -> bytes:
    """Return the body that the app reads."""
    return bytes(environ["wsgi.input"].read())


def test_a_body_is_complete_when_the_app_reads_it() -> None:
    """It is read up to one byte beyond the limit, so that the app sees that it is too large."""
    reader = BodyReader(echo, max_bodies=1)
    assert reader(Protocol(), request(io.BytesIO(b"hello"))) == b"hello"
    assert reader(Protocol(), request(io.BytesIO(b"x" * 10 * MAX_BODY_BYTES))) == b"x" * (MAX_BODY_BYTES + 1)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "0"}
    assert reader(Protocol(), request(io.BytesIO(b"hello"), **chunked)) == b"hello"


def test_nothing_is_read_of_a_request_without_a_body() -> None:
    """The app gets the stream as it is."""
    untouched = io.BytesIO(b"hello")
    BodyReader(lambda *_: None, max_bodies=1)(Protocol(), request(untouched, CONTENT_LENGTH="0"))
    assert untouched.getvalue() == b"hello"
    assert untouched.tell() == 0


def test_a_body_that_does_not_arrive_gets_408() -> None:
    """The response is sent while the thread still reads; the app does not run, and the place is free afterwards."""
    reader, protocol, body = BodyReader(echo, max_bodies=1, timeout_seconds=0.05), Protocol(), SlowBody()
    results: list[Any] = []
    with capture_logs() as lines:
        thread = threading.Thread(target=lambda: results.append(reader(protocol, request(body))))
        thread.start()
        assert protocol.responded.wait(TIMEOUT_SECONDS)
        body.arrived.set()
        thread.join(TIMEOUT_SECONDS)
    assert results == [None]
    assert protocol.json == {"code": 408, "message": "The body took too long to arrive."}
    assert protocol.headers == {"content-type": "application/json", "connection": "close"}
    assert [line["event"] for line in lines] == ["a body took too long"]
    assert reader(Protocol(), request(io.BytesIO(b"next"))) == b"next"


def test_only_so_many_bodies_are_read_at_once() -> None:
    """The next one gets 503 at once, with Retry-After; requests without a body are not affected."""
    reader, body, refused = BodyReader(echo, max_bodies=1), SlowBody(), Protocol()
    thread = threading.Thread(target=reader, args=(Protocol(), request(body)))
    thread.start()
    assert body.reading.wait(TIMEOUT_SECONDS)
    assert reader(refused, request(io.BytesIO(b"{}"))) is None
    assert (refused.status, refused.json["code"], refused.headers["retry-after"]) == (503, 503, "1")
    assert reader(Protocol(), request(io.BytesIO(b""), CONTENT_LENGTH="0")) == b""
    body.arrived.set()
    thread.join(TIMEOUT_SECONDS)
    assert reader(Protocol(), request(io.BytesIO(b"next"))) == b"next"
