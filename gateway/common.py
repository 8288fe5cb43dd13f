"""What every port serves beside its rows: how it is, and its documents."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import orjson
from flask import Blueprint, Response

from gateway import openapi, schemas
from gateway.answers import respond
from gateway.errors import Refusal
from gateway.rows import Row, RowSet

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the docs page may load: its own two files and the document, nothing inline and nothing from elsewhere."""


class Common:
    """The rows of every port.

    Args:
        sets: the sets of rows that the port serves.
        serving: whether a service serves, by its name.
    """

    def __init__(self, sets: Sequence[RowSet], serving: Callable[[str], bool]) -> None:
        self._sets = sets
        self._needs = sorted({need for each in sets for need in each.needs})
        self._serving = serving

    def rows(self) -> RowSet:
        """What the documents tell of; the documents themselves are not in there."""
        return RowSet("operation", self._needs[0], tuple(self._needs), [
            Row(method="GET", path="/health", view=self.health, answer=schemas.Health),
            Row(method="GET", path="/ready", view=self.ready, answer=schemas.Health),
        ])  # fmt: skip

    def health(self) -> Response:
        """Tells that the process lives."""
        return respond({"status": "ok"})

    def ready(self) -> Response:
        """Tells whether the services that the port needs are serving."""
        for name in self._needs:
            if not self._serving(name):
                raise Refusal(503, f"The {name} service is not serving.", headers={"Retry-After": "1"})
        return respond({"status": "ok"})

    def documents(self) -> Blueprint:
        """The routes of the document and of the page that shows it."""
        routes = Blueprint("documents", __name__)
        routes.add_url_rule("/openapi.json", "openapi", self._openapi())
        for path, name in (("/docs", "docs.html"), ("/docs/docs.css", "docs.css"), ("/docs/docs.js", "docs.js")):
            routes.add_url_rule(path, name.replace(".", "_"), _file(STATIC / name))
        return routes

    def _openapi(self) -> Callable[[], Response]:
        @cache
        def text() -> bytes:
            return orjson.dumps(openapi.document([*self._sets, self.rows()]))

        return lambda: Response(text(), content_type="application/json")


def _file(path: Path) -> Callable[[], Response]:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return lambda: Response(path.read_bytes(), headers=headers, content_type=KINDS[path.suffix])
