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
    files = WhiteNoise(
        _missing,
        root=dist,
        index_file=True,
        max_age=0,
        allow_all_origins=False,
        immutable_file_test="^/assets/",  # their names hold a hash of what is in them
        add_headers_function=_add_caching,
    )
    files.files = {path: file for path, file in files.files.items() if "/." not in path}

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, *security.of(environ.get("HTTP_HOST", ""))], *rest)

        path = environ.get("PATH_INFO", "")
        if path == "/config.json":
            return _answer(start, "200 OK", "application/json", told)
        if path not in files.files and _is_page(path):
            environ["PATH_INFO"] = "/"
        found: Iterable[bytes] = files(environ, start)
        return found

    return app


def _is_page(path: str) -> bool:
    return "." not in path and not path.startswith("/assets/")


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
