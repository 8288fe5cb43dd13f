"""Reads request bodies under a time limit, so that slow clients do not hold the threads that run the app."""

import io
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson

from gateway.http.parsing import MAX_BODY_BYTES
from mesh import logs

BODY_TIMEOUT_SECONDS = 10.0
"""Time for a body to arrive; the largest one needs 52 kbit/s."""
CONTENT_TYPE = ("content-type", "application/json")
TIMED_OUT = orjson.dumps({"code": 408, "message": "The body took too long to arrive."})
TOO_MANY = orjson.dumps({"code": 503, "message": "Too many requests are arriving slowly. Please try again."})

log = logs.get("gateway.server.bodies")

Environ = dict[str, Any]
Callback = Callable[[Any, Environ], Any]


class BodyReader:
    """Reads the whole body of a request before the app runs, and gives up bodies that take too long.

    WSGI reads a body by blocking a thread for as long as the client likes, and granian has no time limit for it. The
    408 must be sent through granian's protocol object while that thread still reads: a WSGI response that ends before
    the read has ended blocks the whole process until the client closes the connection.

    Args:
        callback: runs a request. It gets granian's protocol object, which any thread may use, and the environment.
        max_bodies: number of bodies that may be on their way at once. The server needs more threads than this.
        timeout_seconds: time that a body may take to arrive.
    """

    def __init__(self, callback: Callback, max_bodies: int, timeout_seconds: float = BODY_TIMEOUT_SECONDS) -> None:
        self._callback = callback
        self._places = threading.Semaphore(max_bodies)
        self._timeout_seconds = timeout_seconds
        self._reading: dict[object, tuple[float, Any]] = {}
        threading.Thread(target=self._respond_to_late_bodies, name="late bodies", daemon=True).start()

    def __call__(self, protocol: Any, environ: Environ) -> Any:  # noqa: ANN401 - granian's own
        """Run the request, or respond 408 when the body is late, or 503 when too many are on their way."""
        if not _has_body(environ):
            return self._callback(protocol, environ)
        if not self._places.acquire(blocking=False):
            protocol.response_bytes(503, [CONTENT_TYPE, ("retry-after", "1")], TOO_MANY)
            log.warning("too many slow bodies", address=environ["REMOTE_ADDR"])
            return None
        try:
            in_time = self._read(protocol, environ)
        finally:
            self._places.release()
        return self._callback(protocol, environ) if in_time else None

    def _read(self, protocol: Any, environ: Environ) -> bool:  # noqa: ANN401 - granian's own
        """Replace the stream by the body in memory; return whether it arrived in time."""
        key = object()
        self._reading[key] = time.monotonic() + self._timeout_seconds, protocol
        body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)  # one byte more shows the app that it is too large
        environ["wsgi.input"] = io.BytesIO(body)
        return self._reading.pop(key, None) is not None

    def _respond_to_late_bodies(self) -> None:
        while True:
            time.sleep(self._timeout_seconds / 10)
            now = time.monotonic()
            for key, (deadline, protocol) in list(self._reading.items()):
                if deadline <= now and self._reading.pop(key, None) is not None:
                    log.warning("a body took too long")
                    protocol.response_bytes(408, [CONTENT_TYPE, ("connection", "close")], TIMED_OUT)


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
