"""REST calls to a product's gateway, over plain sockets and connections of their own."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any

from tests.harness import PATIENCE, Product


@dataclass(frozen=True)
class Reply:
    """What a call was answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """The refresh token that it sets."""
        return self.headers.get("Set-Cookie", "").partition("=")[2].partition(";")[0]


def call(
    product: Product,
    port: str,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    timeout: float = 30,
) -> Reply:
    """One call on a connection of its own; a body that is no bytes is sent as JSON."""
    sent = {**(headers or {})}
    if body is not None and not isinstance(body, bytes):
        body, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **sent}
    connection = http.client.HTTPConnection("127.0.0.1", product.rest[port], timeout=timeout)
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def wait_for_gateway(product: Product) -> None:
    """Returns when every port of the gateway is ready."""
    deadline = time.monotonic() + PATIENCE
    for port in product.rest:
        while not _ready(product, port):
            assert time.monotonic() < deadline, product.processes["gateway"].log.read_text()
            time.sleep(0.05)


def _ready(product: Product, port: str) -> bool:
    try:
        return call(product, port, "GET", "/ready", timeout=5).status == 200
    except (OSError, http.client.HTTPException):
        return False
