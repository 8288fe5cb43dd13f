"""Reads request bodies under a time limit, so that slow clients do not hold the threads that run the app."""

import io
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import orjson

from gateway.http.parsing import MAX_BODY_BYTES
from mesh import logs

BODY_TIMEOUT_SECONDS = 10.0
"""Time for a body to arrive; the largest one needs 52 kbit/s."""
TIMED_OUT = "The body took too long to arrive."
TOO_MANY = "Too many requests are arriving slowly. Please try again."

log = logs.get("gateway.server.bodies")

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class BodyReader:
    """WSGI middleware that reads the whole body of a request before the app runs.

    WSGI reads a body by blocking a thread for as long as the client likes, and granian has no time limit for it. So the
    body is read in another thread, and the thread of the request waits for it no longer than the limit. This costs
    requests with a body 3 % of their CPU and others nothing. An adapter to granian's RSGI interface, which reads on an
    event loop, costs every request 4 to 10 %.

    Args:
        app: the app; its `wsgi.input` holds the body in memory.
        max_bodies: number of bodies that may be on their way at once. The server needs more threads than this.
        timeout_seconds: time that a body may take to arrive.
    """

    def __init__(self, app: App, max_bodies: int, timeout_seconds: float = BODY_TIMEOUT_SECONDS) -> None:
        self._app = app
        self._places = threading.Semaphore(max_bodies)
        self._readers = ThreadPoolExecutor(max_bodies, thread_name_prefix="body")
        self._timeout_seconds = timeout_seconds

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Run the app, or respond 408 when the body is late, or 503 when too many are on their way."""
        if not _has_body(environ):
            return self._app(environ, start_response)
        if not self._places.acquire(blocking=False):
            log.warning("too many slow bodies", address=environ["REMOTE_ADDR"])
            return _respond(start_response, "503 Service Unavailable", TOO_MANY, ("retry-after", "1"))
        try:
            body = self._read(environ["wsgi.input"]).result(self._timeout_seconds)
        except TimeoutError:
            log.warning("a body took too long", address=environ["REMOTE_ADDR"])
            # To close the connection also ends the read.
            return _respond(start_response, "408 Request Timeout", TIMED_OUT, ("connection", "close"))
        environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)

    def _read(self, stream: Any) -> "Future[bytes]":  # noqa: ANN401 - WSGI's input, for which there is no type
        reading = self._readers.submit(
            stream.read, MAX_BODY_BYTES + 1
        )  # one byte more shows the app that it is too large
        reading.add_done_callback(lambda _: self._places.release())
        return reading


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def _respond(start_response: Callable[..., Any], status: str, message: str, header: tuple[str, str]) -> Iterable[bytes]:
    start_response(status, [("content-type", "application/json"), header])
    return [orjson.dumps({"code": int(status[:3]), "message": message})]
