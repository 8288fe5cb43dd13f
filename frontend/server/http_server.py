"""Runs granian, the HTTP server: a parent process, and a worker that ends with it."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from frontend.server.config import Config
from mesh.processes import end_with_parent

THREADS = 4
REQUEST_GRACE_SECONDS = 4
"""Time that running requests get when the server stops."""
LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's log records go to the root logger, as those of every library."""


def serve(config: Config, load: Callable[[], Any]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, which is 1 when the worker keeps crashing.

    Args:
        config: holds the address to listen on.
        load: creates the WSGI app; it is called in the worker.
    """
    multiprocessing.set_start_method("fork", force=True)  # the worker shares the memory of all that is imported
    server = Granian(
        "frontend",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=REQUEST_GRACE_SECONDS,
    )
    parent_id = os.getpid()

    def load_in_worker() -> Any:  # noqa: ANN401 - any WSGI app
        os.setpgid(0, 0)  # Ctrl-C reaches the parent only, which stops the worker in order
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # granian's own handler comes later; the inherited one only notes
        end_with_parent(parent_id, REQUEST_GRACE_SECONDS)
        return load()

    try:
        server.serve(target_loader=load_in_worker, wrap_loader=False)
    except SystemExit as error:
        return int(error.code or 0)
    return 0
