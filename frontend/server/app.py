"""WSGI app that serves the files of the build, and the app's page for every other path without a dot."""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

import orjson
from whitenoise import WhiteNoise

from frontend.server.config import Config
from frontend.server.headers import SecurityHeaders
from mesh.web import REFUSAL, Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DIST = Path(__file__).parent.with_name("dist")
DAY_SECONDS = 86400


def create_app(config: Config, dist: Path = DIST) -> "WSGIApplication":
    """Create an app that serves a build.

    Args:
        config: holds the addresses of the gateway for the pages.
        dist: folder of the build.
    """
    page_settings = orjson.dumps(config.urls)
    security = SecurityHeaders(config.urls.values(), config.hsts_seconds)
    build = _Build(dist)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - as in WSGI
            return start_response(status, [*headers, *security.for_host(environ.get("HTTP_HOST", ""))], *rest)

        if REFUSAL in environ:
            return _refuse(start, environ[REFUSAL])
        path, files = environ.get("PATH_INFO", ""), build.files()
        if path == "/config.json":
            return _respond(start, "200 OK", "application/json", page_settings)
        if path not in files.files and _is_page(path):
            environ["PATH_INFO"] = "/"
        response: Iterable[bytes] = files(environ, start)
        return response

    return app


class _Build:
    """The files of a build, read again after each new build."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._times = self._modification_times()
        self._files = self._read()

    def files(self) -> WhiteNoise:
        """Return an app that serves the current files."""
        times = self._modification_times()
        if times != self._times:
            self._files, self._times = self._read(), times
        return self._files

    def _modification_times(self) -> list[int]:
        """Return when the page and the folder of its scripts were written, in nanoseconds; 0 for a missing one."""
        times = []
        for path in (self._dist / "index.html", self._dist / "assets"):
            try:
                times.append(path.stat().st_mtime_ns)
            except FileNotFoundError:
                times.append(0)
        return times

    def _read(self) -> WhiteNoise:
        files = WhiteNoise(
            _respond_not_found,
            root=self._dist,
            index_file=True,
            max_age=0,
            allow_all_origins=False,
            immutable_file_test="^/assets/",  # their names contain a hash of their content
            add_headers_function=_add_caching,
        )
        files.files = {path: file for path, file in files.files.items() if "/." not in path}
        return files


def _is_page(path: str) -> bool:
    return "." not in path.rpartition("/")[2] and "/." not in path and not path.startswith("/assets/")


def _respond_not_found(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    return _respond(start_response, "404 Not Found", "text/plain; charset=utf-8", b"Not found.\n")


def _refuse(start: "StartResponse", refusal: Refusal) -> Iterable[bytes]:
    status, body = f"{refusal.status} {HTTPStatus(refusal.status).phrase}", f"{refusal.message}\n".encode()
    return _respond(start, status, "text/plain; charset=utf-8", body, *refusal.headers.items())


def _respond(
    start_response: "StartResponse", status: str, content_type: str, body: bytes, *more: tuple[str, str]
) -> Iterable[bytes]:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-cache")]
    start_response(status, [*headers, *more])
    return [body]


def _add_caching(headers: Headers, _: str, url: str) -> None:
    if url.startswith("/images/"):
        headers["Cache-Control"] = f"max-age={DAY_SECONDS}, public"
    elif not url.startswith("/assets/"):
        headers["Cache-Control"] = "no-cache"
