"""Serves the app over HTTP: a parent process, and a worker that ends with it."""

import os
import socket
from collections.abc import Callable

from mesh.web import Lane, Site, WebApp
from mesh.web import serve as serve_site
from mesh.web.addresses import address_behind

LANE = Lane(running=4, waiting=256)
"""All requests share it. The server sends files without a thread."""
REQUEST_GRACE_SECONDS = 4
"""Time that running requests get when the server stops."""


def serve(sock: socket.socket, load: Callable[[], WebApp]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, which is 1 when the worker keeps crashing.

    Args:
        sock: a listening socket.
        load: creates the WSGI app; it is called in the worker.
    """

    def load_in_worker() -> Site:
        os.setpgid(0, 0)  # Ctrl-C reaches the parent only, which stops the worker in order
        return Site(load(), {"pages": LANE}, lambda _: "pages", address_behind(proxies=0), max_body_bytes=0)

    try:
        serve_site(sock, load_in_worker, REQUEST_GRACE_SECONDS)
    except SystemExit as error:
        return int(error.code or 0)
    return 0
