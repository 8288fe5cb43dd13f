"""Bodies arrive without a thread. A body that is late, too long, malformed or one too many is given up."""

from collections.abc import Callable
from typing import Any

import pytest

from mesh.testing import wait_until
from mesh.web.bodies import BROKEN, LATE, MAX_CHUNKS, TOO_MANY, TOO_MANY_CHUNKS, BodyReader, Callbacks, has_body
from mesh.web.site import Environ, Refusal

pytestmark = pytest.mark.unit

LIMIT = 100
ADA, EVE = "192.0.2.1", "192.0.2.2"
Result = bytes | Exception


class Awaitable:
    """Granian's awaitable: it calls back when the result is set, or at once if it has one."""

    def __init__(self, result: Result | None = None) -> None:
        self.cancelled = False
        self._result = result
        self._callback: Callable[[object], None] | None = None

    def add_done_callback(self, callback: Callable[[object], None]) -> None:
        """Keep the callback."""
        if self._result is not None:
            Callbacks().call_soon(callback, self)
        self._callback = callback

    def set(self, result: Result) -> None:
        """Let the result arrive."""
        self._result = result
        if self._callback is not None:
            Callbacks().call_soon_threadsafe(self._callback, self)

    def result(self) -> bytes:
        """Return or raise the result."""
        if isinstance(self._result, bytes):
            return self._result
        raise self._result or AssertionError

    def cancel(self) -> None:
        """Record that the reader has stopped waiting."""
        self.cancelled = True


class Protocol:
    """Granian's object for a request, with a body that arrives when the test says so, or in these chunks."""

    def __init__(self, *chunks: bytes, ends: bool = True) -> None:
        self.body = Awaitable()
        self._chunks = [*chunks, b""]
        self._ends = ends

    def __call__(self) -> Awaitable:
        """Return the whole body."""
        return self.body

    def __aiter__(self) -> "Protocol":
        """Return the chunks."""
        return self

    def __anext__(self) -> Awaitable:
        """Return the next chunk."""
        if self._chunks:
            return Awaitable(self._chunks.pop(0))
        if self._ends:
            raise StopAsyncIteration
        return Awaitable()


class Request:
    """A request whose body is read, and what became of it."""

    def __init__(self, reader: BodyReader, protocol: Protocol, address: str = ADA, **headers: str) -> None:
        self.environ: Environ = {"CONTENT_LENGTH": "5", "wsgi.input": None, **headers}
        self.ended: list[Refusal | None] = []
        self.protocol = protocol
        reader.read(protocol, self.environ, address, self.ended.append)

    @property
    def body(self) -> Any:
        """The body that the app gets."""
        return self.environ["wsgi.input"].read()


def chunked(reader: BodyReader, *chunks: bytes, ends: bool = True) -> Request:
    """Read a body without a declared length."""
    request = Request.__new__(Request)
    request.environ, request.ended = {"HTTP_TRANSFER_ENCODING": "chunked"}, []
    reader.read(Protocol(*chunks, ends=ends), request.environ, ADA, request.ended.append)
    return request


def test_a_body_is_complete_when_the_app_runs() -> None:
    """Until then, no thread waits for it."""
    request = Request(BodyReader(LIMIT), Protocol())
    assert request.ended == []
    request.protocol.body.set(b"hello")
    assert (request.ended, request.body) == ([None], b"hello")


def test_a_body_in_chunks_is_complete_too() -> None:
    """It is cut off one byte beyond the limit, so that the app sees that it is too long."""
    request = chunked(BodyReader(LIMIT), b"hel", b"lo")
    assert (request.ended, request.body) == ([None], b"hello")
    long = chunked(BodyReader(LIMIT), *[b"x" * 60] * 100)
    assert (long.ended, long.body) == ([None], b"x" * (LIMIT + 1))


def test_a_declared_length_that_is_too_large_is_not_read() -> None:
    """The app refuses it by its length."""
    request = Request(BodyReader(LIMIT), Protocol(), CONTENT_LENGTH=str(LIMIT + 2))
    assert (request.ended, request.environ["wsgi.input"]) == ([None], None)


@pytest.mark.parametrize("headers", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "5,5"}])
def test_a_body_with_two_lengths_is_refused(headers: dict[str, str]) -> None:
    """A proxy could see two requests where this server sees one."""
    assert Request(BodyReader(LIMIT), Protocol(), **headers).ended == [BROKEN]


def test_a_body_whose_client_has_gone_is_refused() -> None:
    """The app does not run with a part of a body, also when the body has no declared length."""
    request = Request(BodyReader(LIMIT), Protocol())
    request.protocol.body.set(RuntimeError("gone"))
    assert request.ended == [BROKEN]
    assert chunked(BodyReader(LIMIT), b"{}", ends=False).ended == [BROKEN]


def test_a_body_in_tiny_chunks_is_refused() -> None:
    """Each chunk costs a call of Python."""
    assert chunked(BodyReader(10 * MAX_CHUNKS), *[b"x"] * 2 * MAX_CHUNKS).ended == [TOO_MANY_CHUNKS]


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    """Granian stops reading it, and what arrives later is ignored."""
    request = Request(BodyReader(LIMIT, timeout_seconds=0.05), Protocol())
    wait_until(lambda: bool(request.ended))
    assert request.protocol.body.cancelled
    request.protocol.body.set(b"hello")
    assert request.ended == [LATE]


def test_the_address_with_most_bodies_gives_way() -> None:
    """It loses its oldest one; a place is free again when a body has arrived."""
    reader = BodyReader(LIMIT, max_bodies=2)
    first, second = Request(reader, Protocol(), EVE), Request(reader, Protocol(), EVE)
    ada = Request(reader, Protocol(), ADA)
    assert (first.ended, second.ended, ada.ended) == ([TOO_MANY], [], [])
    assert first.protocol.body.cancelled
    ada.protocol.body.set(b"hello")
    assert ada.ended == [None]
    third = Request(reader, Protocol(), EVE)
    assert (second.ended, third.ended) == ([], [])


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"CONTENT_LENGTH": "0"}, False),
        ({"CONTENT_LENGTH": "1"}, True),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, True),
    ],
)
def test_a_request_with_a_length_has_a_body(environ: Environ, *, expected: bool) -> None:
    """Others reach the app at once."""
    assert has_body(environ) is expected
