"""JSON responses."""

from collections.abc import Mapping

import orjson
from flask import Response


def json_response(payload: Mapping[str, object], status: int = 200) -> Response:
    """Return a response with the payload as its JSON body."""
    return Response(orjson.dumps(payload), status, content_type="application/json")
