"""What the server gets to serve, and how it lets the app refuse a request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mesh.web.lanes import Lane

Environ: TypeAlias = dict[str, Any]
WebApp: TypeAlias = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

REFUSAL = "mesh.refusal"
"""The key in the environment of a request under which the server passes a `Refusal` to the app."""


@dataclass(frozen=True)
class Refusal:
    """A response with which the server refuses a request. The app sends it, in the format of its other errors.

    Args:
        status: the HTTP status.
        message: one plain sentence.
        headers: additional headers.
        facts: additional fields of the request's log line.
    """

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A WSGI app and the limits of its requests.

    Args:
        app: responds to requests, and with the `Refusal` under `REFUSAL` when the environment has one.
        lanes: the lanes, by name.
        lane_of: returns the name of the lane of a request.
        address_of: returns the client address that a request counts for.
        max_body_bytes: the app gets the body of a request up to one byte more than this; it refuses longer bodies.
    """

    app: WebApp
    lanes: Mapping[str, Lane]
    lane_of: Callable[[Environ], str]
    address_of: Callable[[Environ], str]
    max_body_bytes: int
