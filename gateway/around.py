"""What happens around every request: its id, its log line, and the headers that every answer carries."""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from gateway.cors import Cors
from mesh import logs
from mesh.context import CallContext, current_call

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

ACCEPTABLE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
"""Ids from outside are written to logs, so they hold nothing that could forge a line."""
HEADERS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
CACHE = ("Cache-Control", "no-store")
POLICY = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")

log = logs.get("gateway.requests")


class Around:
    """A WSGI app around another one; Flask's own hooks would cost a third of what a whole request does.

    Args:
        app: the inner app.
        cors: adds the headers for other origins.
        hsts_seconds: how long browsers shall use nothing but TLS; 0 when there is none.
    """

    def __init__(self, app: App, cors: Cors, hsts_seconds: int) -> None:
        self._app = app
        self._cors = cors
        self._always: tuple[tuple[str, str], ...] = HEADERS
        if hsts_seconds:
            self._always += (("Strict-Transport-Security", f"max-age={hsts_seconds}; includeSubDomains"),)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a request."""
        started, sent = time.perf_counter(), environ.get("HTTP_X_REQUEST_ID", "")
        call = CallContext(request_id=sent) if ACCEPTABLE.fullmatch(sent) else CallContext()
        path, answered = "-", "0"

        def start(status: str, headers: Headers, *rest: object) -> object:
            nonlocal path, answered
            path, answered = _path(environ), status
            return start_response(status, self._completed(environ, headers, call.request_id), *rest)

        token = current_call.set(call)
        try:
            return self._app(environ, start)
        finally:
            ms = round((time.perf_counter() - started) * 1000, 2)
            log.info("request", method=environ["REQUEST_METHOD"], path=path, status=int(answered[:3]), ms=ms)
            current_call.reset(token)

    def _completed(self, environ: Environ, headers: Headers, request_id: str) -> Headers:
        names = {name for name, _ in headers}
        own = [each for each in (CACHE, POLICY) if each[0] not in names]
        return [*headers, *self._always, *own, ("X-Request-ID", request_id), *self._cors.headers(environ)]


def _path(environ: Environ) -> str:
    """The path as declared, without ids and query; Flask takes the request away when it has ended."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else "-"
