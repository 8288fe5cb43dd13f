"""Makes JWTs by hand, such as PyJWT would refuse to write."""

import base64
import hashlib
import hmac
import json
from typing import Any


def forge(payload: bytes | dict[str, Any], key: str, **header: Any) -> str:
    """A token with a right HS256 signature over whatever payload and header."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{_encoded(json.dumps({'alg': 'HS256', 'typ': 'JWT', **header}).encode())}.{_encoded(body)}"
    return f"{signed}.{_encoded(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
