"""Runs granian, the HTTP server, on a socket that is open already."""

import multiprocessing
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined] # granian does not declare it, but imports it there
from granian.server import MPServer, mp
from granian.wsgi import _callback_wrapper

from gateway.server.bodies import BodyReader
from mesh.processes import end_with_parent

BACKLOG = 1024
MAX_CONNECTIONS = 8192
"""Connections that may be open at once on a port. It is not the number of requests at once: browsers keep idle
connections, and slow clients half-sent ones; each costs some kilobytes."""
OTHER_FILES = 256
"""Files that a worker opens in addition to its connections."""
MAX_BODIES = 120
"""Bodies that may be on their way at once; their threads exist only while they are needed."""
HTTP1_SETTINGS = HTTP1Settings(header_read_timeout=15_000, max_buffer_size=64 * 1024)
"""Milliseconds for the headers of a request to arrive, also of the next one on an idle connection; bytes of headers."""
REQUEST_GRACE_SECONDS = 8
"""Time that running requests get when the server stops."""
LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's log records go to the root logger, as those of every library."""


App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def serve_port(sock: socket.socket, load: Callable[[], App], threads: int) -> None:
    """Serve the app until SIGTERM or SIGINT.

    Args:
        sock: a listening socket.
        load: creates the app; it is called in the worker process, after every fork.
        threads: number of requests that run at once while all bodies are slow.

    Raises:
        SystemExit: the worker keeps crashing.
    """
    multiprocessing.set_start_method("fork", force=True)  # granian's worker shares the memory of all that is imported
    server = _SocketServer(
        sock,
        "gateway",
        interface=Interfaces.WSGI,
        blocking_threads=threads + MAX_BODIES,
        http=HTTPModes.http1,
        http1_settings=HTTP1_SETTINGS,
        websockets=False,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=REQUEST_GRACE_SECONDS,
    )
    parent_id = os.getpid()

    def load_in_worker() -> App:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # granian's own handler comes later; the inherited one only notes
        end_with_parent(parent_id, REQUEST_GRACE_SECONDS)
        _raise_file_limit(MAX_CONNECTIONS + OTHER_FILES)
        # The only place between granian and the app where a response can be sent while the request's thread still reads
        # the body. It is private, so the version of granian is fixed in pyproject.toml.
        mp._wsgi_call_wrap = _limit_bodies  # type: ignore[attr-defined,assignment] # noqa: SLF001 - see above
        return load()

    server.serve(target_loader=load_in_worker, wrap_loader=False)


def _limit_bodies(*options: Any) -> BodyReader:  # noqa: ANN401 - granian's own
    return BodyReader(_callback_wrapper(*options), MAX_BODIES)


class _SocketServer(MPServer):
    """Granian on a socket that is open already.

    Granian has no public option for one (its issue 786), and binds a socket in each worker. Then connections would be
    refused while a crashed worker is replaced; with a socket that outlives the worker they wait. The method and the
    attributes below are private, so the version of granian is fixed in pyproject.toml.
    """

    def __init__(self, sock: socket.socket, target: str, **options: Any) -> None:  # noqa: ANN401 - granian's own options
        super().__init__(target, **options)
        self._socket = sock

    def _init_shared_socket(self) -> None:
        self._ssp = self._sso = None
        self._shd = SocketHolder(self._socket.fileno(), False, BACKLOG)  # type: ignore[call-arg,assignment] # as declared for other systems


def _raise_file_limit(files: int) -> None:
    """Allow this process so many open files, as far as the hard limit permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < files:
        limit = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
