"""Keeps clients that send their bodies slowly from holding all the threads that answer."""

import io
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson

from gateway.http.parsing import MAX_BODY_BYTES as BODY_LIMIT
from mesh import logs

PATIENCE = 10.0
"""Seconds that a body may take to arrive; the largest one needs 52 kbit/s."""
KIND = ("content-type", "application/json")
LATE = orjson.dumps({"code": 408, "message": "The body took too long to arrive."})
FULL = orjson.dumps({"code": 503, "message": "Too many requests are arriving slowly. Please try again."})

log = logs.get("gateway.slow")

Run = Callable[[Any, dict[str, Any]], Any]


class Bodies:
    """Reads each body before its request is answered, and gives up on those that take too long.

    WSGI reads a body by blocking a thread, for as long as the client likes, and granian has no limit for it.

    Args:
        run: answers a request; it gets granian's protocol object, which any thread may use, and the environment.
        at_once: threads that may wait for bodies; the server has more than these.
        patience: seconds that a body may take.
    """

    def __init__(self, run: Run, at_once: int, patience: float = PATIENCE) -> None:
        self._run = run
        self._room = threading.Semaphore(at_once)
        self._patience = patience
        self._waiting: dict[object, tuple[float, Any]] = {}
        threading.Thread(target=self._keep_looking, name="late bodies", daemon=True).start()

    def __call__(self, protocol: Any, environ: dict[str, Any]) -> Any:  # noqa: ANN401 - granian's own
        """Answers a request."""
        if environ.get("CONTENT_LENGTH", "0") == "0" and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._run(protocol, environ)
        if not self._room.acquire(blocking=False):
            protocol.response_bytes(503, [KIND, ("retry-after", "1")], FULL)
            log.warning("too many slow bodies", address=environ["REMOTE_ADDR"])
            return None
        try:
            arrived = self._read(protocol, environ)
        finally:
            self._room.release()
        return self._run(protocol, environ) if arrived else None

    def _read(self, protocol: Any, environ: dict[str, Any]) -> bool:  # noqa: ANN401 - granian's own
        """Puts the body in place; answers whether it arrived in time."""
        ticket = object()
        self._waiting[ticket] = time.monotonic() + self._patience, protocol
        body = environ["wsgi.input"].read(BODY_LIMIT + 1)  # one byte more, so that too large a body can be seen
        environ["wsgi.input"] = io.BytesIO(body)
        return self._waiting.pop(ticket, None) is not None

    def _keep_looking(self) -> None:
        while True:
            time.sleep(self._patience / 10)
            now = time.monotonic()
            for ticket, (deadline, protocol) in list(self._waiting.items()):
                if deadline <= now and self._waiting.pop(ticket, None) is not None:
                    log.warning("a body was too slow")
                    protocol.response_bytes(408, [KIND, ("connection", "close")], LATE)  # which ends the read, too
