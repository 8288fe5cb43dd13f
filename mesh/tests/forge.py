"""Creates JWTs that PyJWT would refuse to create."""

import base64
import hashlib
import hmac
import json
from typing import Any


def forge(payload: bytes | dict[str, Any], key: str, **header: Any) -> str:
    """Return a token with a valid HS256 signature over any payload and header."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{_encode(json.dumps({'alg': 'HS256', 'typ': 'JWT', **header}).encode())}.{_encode(body)}"
    return f"{signed}.{_encode(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
