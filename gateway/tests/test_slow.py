"""Bodies are read before requests are answered, and those that do not come are given up."""

import io
import threading
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.http.parsing import MAX_BODY_BYTES as BODY_LIMIT
from gateway.slow import Bodies

pytestmark = pytest.mark.unit

PATIENCE = 30
"""Seconds that a test waits for what happens at once."""


class Protocol:
    """What granian hands over: remembers the answer."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.status = 0
        self.body: Any = None

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Sends an answer."""
        assert ("content-type", "application/json") in headers
        self.status, self.body = status, orjson.loads(body)
        self.answered.set()


class SlowBody:
    """A body that comes when the test says so, or when the connection was answered and closed."""

    def __init__(self) -> None:
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        """Waits."""
        self.asked.set()
        assert self.come.wait(PATIENCE)
        return b"{}"[:size]


def environ(body: Any, **more: str) -> dict[str, Any]:
    """A request with that body."""
    return {"CONTENT_LENGTH": "2", "REMOTE_ADDR": "192.0.2.1", "wsgi.input": body, **more}


def run(protocol: Protocol, asked: dict[str, Any]) -> str:
    """Answers what the app would read."""
    return str(asked["wsgi.input"].read().decode())


def test_a_body_is_in_place_when_the_app_asks_for_it() -> None:
    """Up to one byte beyond the limit, so that the app sees what is too large; without a body nothing is read."""
    bodies = Bodies(run, at_once=1)
    assert bodies(Protocol(), environ(io.BytesIO(b"hello"))) == "hello"
    assert bodies(Protocol(), environ(io.BytesIO(b"x" * 10 * BODY_LIMIT))) == "x" * (BODY_LIMIT + 1)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "0"}
    assert bodies(Protocol(), environ(io.BytesIO(b"hello"), **chunked)) == "hello"
    untouched = io.BytesIO(b"hello")
    bodies(Protocol(), environ(untouched, CONTENT_LENGTH="0"))
    assert untouched.getvalue() == b"hello"


def test_a_body_that_does_not_come_is_answered_408() -> None:
    """While its thread still waits; the app never hears of it, and the turn is free again afterwards."""
    bodies, protocol, body = Bodies(run, at_once=1, patience=0.05), Protocol(), SlowBody()
    answers: list[Any] = []
    with capture_logs() as lines:
        waiting = threading.Thread(target=lambda: answers.append(bodies(protocol, environ(body))))
        waiting.start()
        assert protocol.answered.wait(PATIENCE)
        body.come.set()
        waiting.join(PATIENCE)
    assert answers == [None]
    assert protocol.body == {"code": 408, "message": "The body took too long to arrive."}
    assert [line["event"] for line in lines] == ["a body was too slow"]
    assert bodies(Protocol(), environ(io.BytesIO(b"next"))) == "next"


def test_no_more_bodies_are_waited_for_than_there_is_room() -> None:
    """The next one is 503 at once; requests without a body are answered as ever."""
    bodies, body, refused = Bodies(run, at_once=1), SlowBody(), Protocol()
    waiting = threading.Thread(target=bodies, args=(Protocol(), environ(body)))
    waiting.start()
    assert body.asked.wait(PATIENCE)
    assert bodies(refused, environ(io.BytesIO(b"{}"))) is None
    assert (refused.status, refused.body["code"]) == (503, 503)
    assert bodies(Protocol(), environ(io.BytesIO(b""), CONTENT_LENGTH="0")) == ""
    body.come.set()
    waiting.join(PATIENCE)
    assert bodies(Protocol(), environ(io.BytesIO(b"next"))) == "next"
