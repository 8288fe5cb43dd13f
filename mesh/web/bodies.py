"""Receives request bodies without a thread, within limits of size, time and number."""

import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mesh import logs
from mesh.web.site import Environ, Refusal

BODY_TIMEOUT_SECONDS = 10.0
"""Time for a body to arrive; one of 64 KiB needs 52 kbit/s."""
MAX_BODIES = 512
"""Bodies that may be arriving at once. One costs no thread, and at most its own size in memory."""
MAX_CHUNKS = 1024
"""Chunks of a body without a declared length, each of which costs a call of Python."""
CLOSE = {"Connection": "close"}
LATE = Refusal(408, "The body took too long to arrive.", CLOSE)
TOO_MANY = Refusal(503, "Too many requests are arriving slowly. Please try again.", {**CLOSE, "Retry-After": "1"})
BROKEN = Refusal(400, "The body is incomplete or malformed.", CLOSE)
TOO_MANY_CHUNKS = Refusal(400, "The body consists of too many chunks.", CLOSE)

log = logs.get("mesh.web.bodies")


class Callbacks:
    """Stands in for the event loop that granian expects: it calls back on a thread of granian's own pool."""

    def call_soon_threadsafe(self, callback: Callable[..., object], *arguments: object, context: object = None) -> None:
        """Call the function now."""
        del context
        callback(*arguments)

    def call_soon(self, callback: Any, *_: object, context: object = None) -> None:  # noqa: ANN401 - `_Step`, or asyncio's
        """Note that the awaitable was done before it got its callback, whose caller continues by itself."""
        del context
        callback.was_done = True


@dataclass(eq=False)
class Arrival:
    """A body that is arriving.

    Args:
        protocol: granian's object for the request, which any thread may use.
        environ: the environment of the request.
        address: the client address that the body counts for.
        then: is called with the refusal, or with None once the body is complete.
        since: when the body started to arrive.
        chunks: what has arrived.
        awaitable: granian's result of reading the body, or its next chunk.
        over: whether the body has arrived or was given up.
    """

    protocol: Any
    environ: Environ
    address: str
    then: Callable[[Refusal | None], None]
    since: float
    chunks: list[bytes] = field(default_factory=list)
    awaitable: Any = None
    over: bool = False


class BodyReader:
    """Receives bodies. When too many are arriving, the address with the most loses its oldest one.

    Granian can read a body with or without blocking a thread. Blocking has no time limit, and a thread that blocks is
    lost until the client closes its connection.

    Args:
        max_bytes: a body that is longer is cut off one byte beyond this, so that the app sees that it is too long.
        max_bodies: bodies that may be arriving at once.
        timeout_seconds: time that a body may take to arrive.
    """

    def __init__(
        self, max_bytes: int, max_bodies: int = MAX_BODIES, timeout_seconds: float = BODY_TIMEOUT_SECONDS
    ) -> None:
        self._max_bytes = max_bytes
        self._max_bodies = max_bodies
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._arriving: dict[str, dict[Arrival, None]] = {}
        self._count = 0
        threading.Thread(target=self._refuse_late_bodies, name="late bodies", daemon=True).start()

    def read(self, protocol: Any, environ: Environ, address: str, then: Callable[[Refusal | None], None]) -> None:  # noqa: ANN401 - granian's own
        """Call `then`, later and on another thread, once the body is in the environment or is refused.

        A body whose declared length is too large stays where it is: the app refuses it by its length.
        """
        length = environ.get("CONTENT_LENGTH")
        if length is not None and ("HTTP_TRANSFER_ENCODING" in environ or not length.isdecimal()):
            then(BROKEN)  # two servers in a row could disagree about where such a request ends
            return
        if length is not None and int(length) > self._max_bytes + 1:
            then(None)
            return
        arrival = Arrival(protocol, environ, address, then, time.monotonic())
        refused = self._add(arrival)
        if refused is not None:
            self._give_up(refused, TOO_MANY)
        if refused is arrival:
            return
        if length is not None:
            arrival.awaitable = protocol()
            if arrival.over:
                arrival.awaitable.cancel()
            elif _call_when_done(arrival.awaitable, lambda _: self._read_whole(arrival)):
                self._read_whole(arrival)
        else:
            protocol.__aiter__()
            self._read_chunks(arrival)

    def _read_whole(self, arrival: Arrival) -> None:
        try:
            arrival.chunks = [arrival.awaitable.result()]
        except Exception:  # noqa: BLE001 - granian's, which has no common class with that of a cancelled one
            self._end(arrival, BROKEN)
        else:
            self._end(arrival)

    def _read_chunks(self, arrival: Arrival) -> None:
        """Read chunks until one is not there yet; its callback continues."""
        size = sum(map(len, arrival.chunks))
        while size <= self._max_bytes and len(arrival.chunks) < MAX_CHUNKS and not arrival.over:
            try:
                arrival.awaitable = arrival.protocol.__anext__()
            except StopAsyncIteration:
                self._end(arrival)
                return
            if not _call_when_done(arrival.awaitable, lambda _: self._take_chunk(arrival)):
                return
            if not self._append(arrival):
                return
            size += len(arrival.chunks[-1])
        self._end(arrival, None if size > self._max_bytes else TOO_MANY_CHUNKS)

    def _take_chunk(self, arrival: Arrival) -> None:
        if self._append(arrival):
            self._read_chunks(arrival)

    def _append(self, arrival: Arrival) -> bool:
        """Append the chunk that has arrived; return whether there may be more."""
        try:
            chunk = bytes(arrival.awaitable.result())
        except Exception:  # noqa: BLE001 - as above
            self._end(arrival, BROKEN)
            return False
        if chunk:
            arrival.chunks.append(chunk)
            return True
        with suppress(StopAsyncIteration):  # raised after the end; an error looks like an empty chunk without an end
            arrival.protocol.__anext__()
            self._end(arrival, BROKEN)
            return False
        self._end(arrival)
        return False

    def _end(self, arrival: Arrival, refusal: Refusal | None = None) -> None:
        if not self._remove(arrival):
            return
        if refusal is None:
            arrival.environ["wsgi.input"] = io.BytesIO(b"".join(arrival.chunks)[: self._max_bytes + 1])
        arrival.then(refusal)

    def _add(self, arrival: Arrival) -> Arrival | None:
        """Return the body that has to give way, if there is one."""
        with self._lock:
            self._arriving.setdefault(arrival.address, {})[arrival] = None
            self._count += 1
            if self._count <= self._max_bodies:
                return None
            _, address = max((len(arrivals), each) for each, arrivals in self._arriving.items())
            return next(iter(self._arriving[address]))

    def _remove(self, arrival: Arrival) -> bool:
        """Return whether the body was still arriving."""
        with self._lock:
            if arrival.over:
                return False
            arrival.over = True
            arrivals = self._arriving[arrival.address]
            del arrivals[arrival]
            if not arrivals:
                del self._arriving[arrival.address]
            self._count -= 1
            return True

    def _give_up(self, arrival: Arrival, refusal: Refusal) -> None:
        if not self._remove(arrival):
            return
        if arrival.awaitable is not None:
            arrival.awaitable.cancel()  # else granian would keep the connection open until the client closes it
        arrival.then(refusal)

    def _refuse_late_bodies(self) -> None:
        while True:
            time.sleep(self._timeout_seconds / 20)
            before = time.monotonic() - self._timeout_seconds
            with self._lock:
                late = [each for arrivals in self._arriving.values() for each in arrivals if each.since <= before]
            for arrival in late:
                self._give_up(arrival, LATE)


class _Step:
    """A callback that notes when it is not going to be called; see `Callbacks.call_soon`."""

    def __init__(self, callback: Callable[[object], None]) -> None:
        self._callback = callback
        self.was_done = False

    def __call__(self, awaitable: object) -> None:
        self._callback(awaitable)


def _call_when_done(awaitable: Any, callback: Callable[[object], None]) -> bool:  # noqa: ANN401 - granian's own
    """Call the function once the awaitable is done, or return True when it is done already."""
    step = _Step(callback)
    awaitable.add_done_callback(step)
    return step.was_done


def has_body(environ: Environ) -> bool:
    """Return whether the request has a body."""
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
