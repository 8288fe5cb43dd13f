"""Serves the app on its ports: one supervisor that holds the sockets, and one worker process a port."""

import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import mp
from granian.server.mp import MPServer, WorkerProcess
from granian.wsgi import _callback_wrapper

from gateway.config import Config, Port
from gateway.slow import Bodies

BACKLOG = 1024
CONNECTIONS = 8192
"""Open at once on a port. It is not the number of requests at once: browsers keep idle connections, and slow clients
half-sent ones; each costs some kilobytes."""
HTTP1 = HTTP1Settings(header_read_timeout=15_000, max_buffer_size=64 * 1024)
"""Milliseconds for the headers of a request to arrive, also of the next one on an idle connection; bytes of headers."""
SPARE_FILES = 256
"""What a worker opens beside its connections."""
WAITING = 120
"""Threads of a worker that may wait for slow bodies, beside those that answer; idle ones are not there at all."""
PATIENCE = 8
"""Seconds that running requests get at the end."""
LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's lines go where all others go."""

Load = Callable[[tuple[str, ...]], Any]


class PortInUseError(Exception):
    """A port cannot be listened on; the message names it and its setting."""


def listen(config: Config) -> list[socket.socket]:
    """A listening socket for each port.

    Raises:
        PortInUseError: when one is taken.
    """
    return [_bound(config.host, port) for port in config.ports]


def serve(config: Config, sockets: Sequence[socket.socket], load: Load) -> int:
    """Serves until SIGTERM or SIGINT; the exit status is 1 when a worker keeps crashing.

    Args:
        config: the ports.
        sockets: their sockets, in the same order.
        load: makes the WSGI app of the named sets of rows, in the worker that serves them.
    """
    multiprocessing.set_start_method("fork", force=True)  # the workers share the memory of what is imported already
    try:
        _Supervisor(config, sockets, load).serve(target_loader=load, wrap_loader=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


class _Supervisor(MPServer):
    """Granian's own supervisor, but each worker has a port and rows of its own.

    The sockets stay open here when a worker dies, so that connections wait for the next one instead of failing.
    """

    def __init__(self, config: Config, sockets: Sequence[socket.socket], load: Load) -> None:
        super().__init__(
            "gateway",
            interface=Interfaces.WSGI,
            workers=len(sockets),
            blocking_threads=config.threads + WAITING,
            http=HTTPModes.http1,
            http1_settings=HTTP1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=CONNECTIONS,
            log_level=LogLevels.error,
            log_dictconfig=LOGGING,
            respawn_failed_workers=True,
            workers_kill_timeout=PATIENCE,
        )
        self._ports = config.ports
        self._sockets = sockets
        self._load = load

    def _init_shared_socket(self) -> None:
        """There is none."""
        self._ssp = self._sso = self._shd = None

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> WorkerProcess:  # type: ignore[override] # noqa: ANN401, ARG002 - as MPServer's own, which its base class declares differently
        self._shd = SocketHolder(self._sockets[idx].fileno(), False, BACKLOG)  # type: ignore[call-arg,assignment] # granian's types lack it
        load = partial(_load_in_worker, self._load, self._ports[idx].names)
        return super()._spawn_worker(idx, target, load)


def _load_in_worker(load: Load, sets: tuple[str, ...]) -> Any:  # noqa: ANN401 - whatever WSGI app
    os.setpgid(0, 0)  # Ctrl-C reaches the supervisor only, which ends the workers in order
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until granian sets its own: the supervisor's would only set a flag
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _allow_connections()
    # The only place between granian and the app where a request can be answered while its thread still waits.
    mp._wsgi_call_wrap = lambda *given: Bodies(_callback_wrapper(*given), WAITING)  # type: ignore[attr-defined] # noqa: SLF001
    return load(sets)


def _allow_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)


def _bound(host: str, port: Port) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it. Without it an answer's second part waits for the client to confirm the first: 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        sock.bind((host, port.number))
        sock.listen(BACKLOG)
    except OSError:
        message = f"Port {port.number} on {host} cannot be listened on: end what uses it, or set {port.variable}."
        raise PortInUseError(message) from None
    sock.setblocking(False)
    return sock
