"""The fixed words of the OpenAPI document: what statuses and credentials mean."""

from collections.abc import Mapping
from typing import Any

from gateway.auth import Access

Schema = dict[str, Any]

DESCRIPTIONS = {
    400: "A field is missing, malformed or out of range; the message names it.",
    401: "Nobody knows who is asking.",
    403: "This is not for the one who is asking.",
    404: "What was named does not exist.",
    409: "The request is right, the state of things is against it.",
    422: "The idempotency key was used with another body.",
}
SECURITY: Mapping[Access, list[Schema]] = {
    Access.ANYONE: [],
    Access.USER: [{"user": []}],
    Access.SERVICE: [{"service": []}],
    Access.USER_OR_SERVICE: [{"user": []}, {"service": []}],
}
SCHEMES: Mapping[str, Schema] = {
    "user": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` that `POST /login` answers; good for 15 minutes.",
    },
    "service": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A service's own credential, such as `python -m mesh token --as worker --to books` prints.",
    },
    "refresh_token": {
        "type": "apiKey",
        "in": "cookie",
        "name": "refresh_token",
        "description": "The cookie that `POST /login` sets.",
    },
}
