"""Translates between granian's requests and WSGI (PEP 3333)."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from wsgiref.util import FileWrapper

from mesh.web.site import Environ, WebApp

BLOCK_BYTES = 64 * 1024
COMMON_HEADERS = {
    name: "HTTP_" + name.upper().replace("-", "_")
    for name in (
        "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection", "cookie",
        "host", "idempotency-key", "if-none-match", "origin", "referer", "sec-fetch-dest", "sec-fetch-mode",
        "sec-fetch-site", "user-agent", "x-forwarded-for", "x-request-id",
    )
} | {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}  # fmt: skip
HTTP_VERSIONS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1"}
CONSTANTS: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,  # Werkzeug reads a body without a declared length only then
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


class WholeFile:
    """A response that is a whole file, which the server sends without reading it into memory."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content, for servers that do not know this type."""
        with Path(self.path).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block


def wrap_file(file: IO[bytes], block_bytes: int = BLOCK_BYTES) -> Iterable[bytes]:
    """Return the content of a file as a response, like `wsgi.file_wrapper` in PEP 3333."""
    name = getattr(file, "name", None)
    if not isinstance(name, str):
        return FileWrapper(file, block_bytes)
    file.close()
    return WholeFile(name)


def build_environ(scope: Any) -> Environ:  # noqa: ANN401 - granian's own
    """Return the environment of a request, with an empty body."""
    client, server = scope.client.rpartition(":"), scope.server.rpartition(":")
    environ = {
        **CONSTANTS,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": HTTP_VERSIONS.get(scope.http_version, "HTTP/1.0"),
        "SERVER_NAME": server[0].strip("[]"),
        "SERVER_PORT": server[2],
        "REMOTE_ADDR": client[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.file_wrapper": wrap_file,
    }
    for name, value in _headers(scope.headers):
        key = COMMON_HEADERS.get(name)
        if key is not None:
            environ[key] = value
        elif "_" not in name:  # X_Forwarded_For would replace the header of the proxy
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def run(app: WebApp, protocol: Any, environ: Environ) -> None:  # noqa: ANN401 - granian's own
    """Run the app, and send its response."""
    status, headers = 500, list[tuple[str, str]]()

    def start_response(line: str, sent: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = int(line[:3]), sent
        return _refuse_to_write

    result: Iterable[bytes] = app(environ, start_response)
    try:
        if isinstance(result, WholeFile):
            protocol.response_file(status, headers, result.path)
        else:
            protocol.response_bytes(status, headers, b"".join(result))
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()


def _headers(headers: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - granian's own
    """Return each header once. Granian repeats names that were sent repeatedly, and omits values that are not ASCII."""
    pairs: list[tuple[str, str]] = headers.items()
    items = dict(pairs)
    if len(items) == len(pairs) == len(headers):
        return pairs
    return [(name, _join(name, headers)) for name in headers.keys()]  # noqa: SIM118 - granian's own type


def _join(name: str, headers: Any) -> str:  # noqa: ANN401 - granian's own
    return ("; " if name == "cookie" else ",").join(headers.get_all(name))


def _refuse_to_write(_: bytes) -> object:
    message = "The server does not support write()."
    raise NotImplementedError(message)
