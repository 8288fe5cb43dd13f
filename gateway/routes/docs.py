"""Every port: the OpenAPI document, and Swagger UI as its viewer.

Neither is in the document itself, so that this module declares an ordinary blueprint and no route group.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import orjson
from flask import Blueprint, Response, request
from werkzeug.http import generate_etag

from mesh.web import WholeFile

STATIC = Path(__file__).parents[1] / "static"
SWAGGER_UI = Path(str(files("flask_swagger_ui"))) / "dist"
"""The package's own blueprint is of no use here: its page has an inline script, which the policy below forbids."""
FILES = {
    "/docs": STATIC / "docs.html",
    "/docs/docs.css": STATIC / "docs.css",
    "/docs/docs.js": STATIC / "docs.js",
    "/docs/swagger-ui.css": SWAGGER_UI / "swagger-ui.css",
    "/docs/swagger-ui-bundle.js": SWAGGER_UI / "swagger-ui-bundle.js",
}
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page may load its own files and call its own origin: nothing inline, and nothing from elsewhere."""


def create_blueprint(build: Callable[[], Mapping[str, object]]) -> Blueprint:
    """Return the routes of the document, which is built at the first request, and of its viewer."""

    @cache
    def document() -> bytes:
        return orjson.dumps(build())

    blueprint = Blueprint("docs", __name__)
    blueprint.add_url_rule("/openapi.json", "openapi", lambda: Response(document(), content_type="application/json"))
    for path, file in FILES.items():
        blueprint.add_url_rule(path, file.name.replace(".", "_"), _file_view(file))
    return blueprint


def _file_view(file: Path) -> Callable[[], Response]:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}

    @cache
    def etag() -> str:
        return generate_etag(file.read_bytes())  # so that a browser loads the 1.7 MB of Swagger UI once

    def view() -> Response:
        content = WholeFile(str(file))
        response = Response(content, headers=headers, content_type=CONTENT_TYPES[file.suffix], direct_passthrough=True)
        response.content_length = file.stat().st_size
        response.set_etag(etag())
        response.make_conditional(request)
        return response

    return view
