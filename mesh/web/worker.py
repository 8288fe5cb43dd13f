"""A worker of granian that passes each request to a function on a thread of its pool, without an event loop."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Self

from granian._granian import CallbackScheduler, RSGIWorker, WorkerSignal
from granian._signals import set_main_signals
from granian.server.common import WORKERS_METHODS
from granian.server.mp import WorkerProcess

from mesh import logs
from mesh.web.bodies import BodyReader, Callbacks, has_body
from mesh.web.hosts import host_refusal
from mesh.web.lanes import Lanes, LaneState
from mesh.web.site import REFUSAL, Environ, Refusal, Site
from mesh.web.wsgi import build_environ, run

OTHER_THREADS = 4
"""Threads for requests that start to wait, are refused or whose bodies arrive, while all lanes are full."""
LATE_INTERVAL_SECONDS = 0.5
"""Time between two searches for requests that have waited for too long."""
BUSY = {503: "The server is busy. Please try again.", 429: "Too many requests. Please try again later."}
"""The message of a refusal by its status."""
Request = tuple[Any, Environ]

log = logs.get("mesh.web")


class Requests:
    """Brings each request of a site to the app: its host is checked, its body received, and its lane chosen.

    Args:
        site: the app and its limits.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bodies = BodyReader(site.max_body_bytes)
        self._lanes = Lanes[Request](site.lanes, self._run, self._refuse_for_lane)
        threading.Thread(target=self._refuse_late, name="late requests", daemon=True).start()

    def handle(self, watcher: Any) -> None:  # noqa: ANN401 - granian's own
        """Handle a request. Granian ignores what this raises, and the client would get no response."""
        protocol = watcher.proto
        try:
            environ = build_environ(watcher.scope)
            refusal = host_refusal(environ)
            if refusal is not None:
                self._refuse((protocol, environ), refusal)
                return
            address = self._site.address_of(environ)
            if has_body(environ):
                self._bodies.read(protocol, environ, address, partial(self._submit, protocol, environ, address))
            else:
                self._submit(protocol, environ, address, None)
        except Exception:
            log.exception("a request failed before it reached the app")
            protocol.response_bytes(500, [], b"")

    def _submit(self, protocol: Any, environ: Environ, address: str, refusal: Refusal | None) -> None:  # noqa: ANN401 - granian's own
        if refusal is None:
            self._lanes.submit(self._site.lane_of(environ), address, (protocol, environ))
        else:
            self._refuse((protocol, environ), refusal)

    def _run(self, request: Request) -> None:
        protocol, environ = request
        try:
            run(self._site.app, protocol, environ)
        except Exception:
            log.exception("the app raised an exception")
            protocol.response_bytes(500, [], b"")

    def _refuse(self, request: Request, refusal: Refusal) -> None:
        environ = request[1]
        facts = {"address": self._site.address_of(environ), **refusal.facts}
        environ[REFUSAL] = replace(refusal, facts=facts)
        self._run(request)

    def _refuse_late(self) -> None:
        while True:
            time.sleep(LATE_INTERVAL_SECONDS)
            self._lanes.refuse_late()

    def _refuse_for_lane(self, request: Request, state: LaneState) -> None:
        status = self._site.lanes[state.lane].status
        self._refuse(request, Refusal(status, BUSY[status], {"Retry-After": "1"}, vars(state)))


class _Scheduler(CallbackScheduler):
    """What granian calls for each request."""

    def __new__(cls, callbacks: Callbacks, _: Callable[[Any], None]) -> Self:
        nothing = None  # for tasks of asyncio, which are not used
        return super().__new__(cls, callbacks, nothing, nothing, nothing, nothing)  # type: ignore[call-arg] # not declared

    def __init__(self, _: Callbacks, handle: Callable[[Any], None]) -> None:
        super().__init__()
        self._schedule_fn = handle


@WorkerProcess.wrap_target  # type: ignore[untyped-decorator] # granian has no types
def spawn_worker(worker_id: int, site: Site, sock: Any, ipc: Any, *options: Any) -> None:  # noqa: ANN401 - granian's own
    """Serve a site until SIGTERM or SIGINT, in the process of a worker."""
    _, mode, threads, rust_threads, _, idle_timeout, backpressure, _, *http, _, tls, _, metrics = options
    stop, stopped = WorkerSignal(), threading.Event()
    stop.add_cb(stopped.set)
    _set_once_by_signals(stop)
    callbacks = Callbacks()
    python_threads = sum(lane.running for lane in site.lanes.values()) + OTHER_THREADS
    pools = threads, rust_threads, python_threads, idle_timeout
    worker = RSGIWorker(worker_id, sock, ipc, *pools, backpressure, *http, *tls, metrics)  # type: ignore[call-arg] # as declared for an older version
    serve = getattr(worker, WORKERS_METHODS[mode][False])
    serve(_Scheduler(callbacks, Requests(site).handle), callbacks, stop)
    stopped.wait()


def _set_once_by_signals(stop: WorkerSignal) -> None:
    """Let the first SIGTERM or SIGINT stop the worker.

    The supervisor, granian's parent process and the kernel may each send one. Granian's own handler passes on each of
    them, and the third one blocks in it with the interpreter's lock: the process never ends and keeps its socket.
    """
    unset = [stop]

    def handle(*_: object) -> None:
        if unset:
            unset.pop().set()

    set_main_signals(handle)  # type: ignore[no-untyped-call] # granian has no types
