"""Serves the app on its port: one worker process, which ends with its parent."""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from frontend.config import Config

THREADS = 4
PATIENCE = 4
"""Seconds that running requests get at the end."""
LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's lines go where all others go."""


class PortInUseError(Exception):
    """The port cannot be listened on; the message names it and its setting."""


def check(config: Config) -> None:
    """Looks whether the port is free: the server itself would share it with another one.

    Raises:
        PortInUseError: when it is not.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError:
            message = (
                f"Port {config.port} on {config.host} cannot be listened on: end what uses it, or set FRONTEND_PORT."
            )
            raise PortInUseError(message) from None


def serve(config: Config, load: Callable[[], Any]) -> int:
    """Serves until SIGTERM or SIGINT.

    Args:
        config: the place to listen on.
        load: makes the WSGI app, in the worker.
    """
    multiprocessing.set_start_method("fork", force=True)  # the worker shares the memory of what is imported already
    server = MPServer(
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
        workers_kill_timeout=PATIENCE,
    )

    def load_in_worker() -> Any:  # noqa: ANN401 - whatever WSGI app
        os.setpgid(0, 0)  # Ctrl-C reaches the parent only, which ends the worker in order
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until granian sets its own: the parent's would only set a flag
        threading.Thread(target=_end_with_parent, daemon=True).start()
        return load()

    try:
        server.serve(target_loader=load_in_worker, wrap_loader=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
