"""Checks the Host header (RFC 9112, section 3.2)."""

import re

from mesh.web.site import Environ, Refusal

HOST = re.compile(r"([A-Za-z0-9._~%!$&'()*+;=-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
"""A name or an address, and a port. A comma comes from two headers."""
NOT_ONE_HOST = Refusal(400, "The request needs exactly one Host header.", {"Connection": "close"})


def host_refusal(environ: Environ) -> Refusal | None:
    """Return the refusal of a request without exactly one valid host; HTTP/1.0 knows no such header."""
    host = environ.get("HTTP_HOST")
    if host is None:
        return None if environ["SERVER_PROTOCOL"] == "HTTP/1.0" else NOT_ONE_HOST
    return None if HOST.fullmatch(host) else NOT_ONE_HOST
