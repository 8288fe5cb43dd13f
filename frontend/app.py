"""The files of the build; every other path without a dot is the app's own, and gets its page."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

import orjson
from whitenoise import WhiteNoise

from frontend.config import Config
from frontend.headers import SecurityHeaders

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DIST = Path(__file__).with_name("dist")
DAY = 86400


def create_app(config: Config, dist: Path = DIST) -> "WSGIApplication":
    """An app that serves a build.

    Args:
        config: what the pages are told of the gateway.
        dist: the folder of the build.
    """
    told = orjson.dumps(config.urls)
    security = SecurityHeaders(config.urls.values(), config.hsts_seconds)
    build = _Build(dist)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, *security.of(environ.get("HTTP_HOST", ""))], *rest)

        path, files = environ.get("PATH_INFO", ""), build.files()
        if path == "/config.json":
            return _answer(start, "200 OK", "application/json", told)
        if path not in files.files and _is_page(path):
            environ["PATH_INFO"] = "/"
        found: Iterable[bytes] = files(environ, start)
        return found

    return app


class _Build:
    """The files of a build, looked at anew when somebody has built again."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._stamp = self._look()
        self._files = self._read()

    def files(self) -> WhiteNoise:
        """What there is to serve."""
        stamp = self._look()
        if stamp != self._stamp:
            self._files, self._stamp = self._read(), stamp
        return self._files

    def _look(self) -> list[int]:
        """When the page and the folder of its scripts were written; 0 while there are none."""
        found = []
        for place in (self._dist / "index.html", self._dist / "assets"):
            try:
                found.append(place.stat().st_mtime_ns)
            except FileNotFoundError:
                found.append(0)
        return found

    def _read(self) -> WhiteNoise:
        files = WhiteNoise(
            _missing,
            root=self._dist,
            index_file=True,
            max_age=0,
            allow_all_origins=False,
            immutable_file_test="^/assets/",  # their names hold a hash of what is in them
            add_headers_function=_add_caching,
        )
        files.files = {path: file for path, file in files.files.items() if "/." not in path}
        return files


def _is_page(path: str) -> bool:
    return "." not in path.rpartition("/")[2] and "/." not in path and not path.startswith("/assets/")


def _missing(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    return _answer(start_response, "404 Not Found", "text/plain; charset=utf-8", b"Not found.\n")


def _answer(start_response: "StartResponse", status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-cache")])
    return [body]


def _add_caching(headers: Headers, _: str, url: str) -> None:
    if url.startswith("/images/"):
        headers["Cache-Control"] = f"max-age={DAY}, public"
    elif not url.startswith("/assets/"):
        headers["Cache-Control"] = "no-cache"
