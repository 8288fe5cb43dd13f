"""REST requests to a product's gateway, each on a connection of its own."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from mesh.testing import wait_until
from tests.harness import PROCESS_TIMEOUT_SECONDS, Product


@dataclass(frozen=True)
class Response:
    """A response of the gateway."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """Parsed body."""
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """The refresh token that the response sets, or an empty text."""
        return self.headers.get("Set-Cookie", "").partition("=")[2].partition(";")[0]


def call(
    product: Product,
    port: str,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    timeout_seconds: float = 30,
) -> Response:
    """Send one request. A body that is not bytes is sent as JSON."""
    request_headers = {**(headers or {})}
    if body is not None and not isinstance(body, bytes):
        body, request_headers = json.dumps(body).encode(), {"Content-Type": "application/json", **request_headers}
    connection = http.client.HTTPConnection("127.0.0.1", product.rest[port], timeout=timeout_seconds)
    try:
        connection.request(method, path, body, request_headers)
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read())
    finally:
        connection.close()


def wait_for_gateway(product: Product) -> None:
    """Wait until every port of the gateway is ready."""
    log = product.processes["gateway"].log
    for port in product.rest:
        wait_until(lambda port=port: _is_ready(product, port), PROCESS_TIMEOUT_SECONDS, log.read_text)  # type: ignore[misc]


def _is_ready(product: Product, port: str) -> bool:
    try:
        return call(product, port, "GET", "/ready", timeout_seconds=5).status == 200
    except (OSError, http.client.HTTPException):
        return False
