"""Fixed texts of the OpenAPI document: the meaning of statuses and of security schemes."""

from collections.abc import Mapping
from typing import Any

from gateway.http.auth import Access

Schema = dict[str, Any]

STATUS_DESCRIPTIONS = {
    400: "A field is missing, malformed or out of range. The message names it.",
    401: "Missing or invalid credentials.",
    403: "The caller may not use this route or this resource.",
    404: "The resource does not exist.",
    409: "The request conflicts with the current state of the resource.",
    422: "The idempotency key was used with another body.",
}
SECURITY: Mapping[Access, list[Schema]] = {
    Access.ANYONE: [],
    Access.USER: [{"user": []}],
    Access.SERVICE: [{"service": []}],
    Access.USER_OR_SERVICE: [{"user": []}, {"service": []}],
}
SECURITY_SCHEMES: Mapping[str, Schema] = {
    "user": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` that `POST /login` returns. It is valid for 15 minutes.",
    },
    "service": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A service's own token, such as `python -m mesh token --as worker --to books` prints.",
    },
    "refresh_token": {
        "type": "apiKey",
        "in": "cookie",
        "name": "refresh_token",
        "description": "The cookie that `POST /login` sets. The browser sends it by itself.",
    },
}
