"""Runs granian, the HTTP server, on a socket that is open already."""

import multiprocessing
import os
import resource
import signal
import socket
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined] # granian does not declare it, but imports it there
from granian.server import MPServer

from mesh.processes import end_with_parent
from mesh.processes.parent import request_signal_at_parent_end
from mesh.web.site import Site
from mesh.web.worker import spawn_worker

BACKLOG = 1024
MAX_CONNECTIONS = 8192
"""Connections that may be open at once on a port. It is not the number of requests at once: browsers keep idle
connections, and slow clients half-sent ones; each costs some kilobytes."""
OTHER_FILES = 256
"""Files that a worker opens in addition to its connections; a quarter of all files when only few are allowed."""
HTTP1_SETTINGS = HTTP1Settings(header_read_timeout=15_000, max_buffer_size=64 * 1024)
"""Milliseconds for the headers of a request to arrive, also of the next one on an idle connection; bytes of headers."""
SEND_TIMEOUT_MILLISECONDS = 20_000
"""Time after which a connection is closed whose client receives nothing of a response."""
LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's log records go to the root logger, as those of every library."""


def serve(sock: socket.socket, load: Callable[[], Site], grace_seconds: int) -> None:
    """Serve a site until SIGTERM or SIGINT.

    Args:
        sock: a listening socket.
        load: creates the site; it is called in the worker process, after every fork.
        grace_seconds: time that running requests get when the server stops.

    Raises:
        SystemExit: the worker keeps crashing.
    """
    multiprocessing.set_start_method("fork", force=True)  # granian's worker shares the memory of all that is imported
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted sockets inherit it
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT_MILLISECONDS)
    server = _SocketServer(
        sock,
        "site",
        interface=Interfaces.WSGI,  # granian opens no event loop for it
        blocking_threads=1,  # the worker uses as many as its lanes need
        http=HTTPModes.http1,
        http1_settings=HTTP1_SETTINGS,
        websockets=False,
        backlog=BACKLOG,
        backpressure=_max_connections(),
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=grace_seconds,
    )
    parent_id = os.getpid()

    def load_in_worker() -> Site:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # granian's own handler comes later; the inherited one only notes
        request_signal_at_parent_end()  # at once, because the socket stays open and the next worker takes over
        end_with_parent(parent_id, grace_seconds)
        return load()

    server.serve(spawn_worker, load_in_worker, wrap_loader=False)  # type: ignore[arg-type] # the worker takes a site


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


def _max_connections() -> int:
    """Raise the limit of open files as far as permitted; return the number of connections that it leaves room for.

    A worker that has reached the limit would try to accept the next connection again and again, without a pause.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, soft - min(OTHER_FILES, soft // 4))
