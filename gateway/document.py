"""`python -m gateway.document`: prints the OpenAPI document of all five sets, which the shop's types are made from."""

import sys

import orjson

from gateway.app import create_app
from gateway.config import Config
from gateway.stubs import connect
from mesh import logs


def text() -> bytes:
    """The document as `GATEWAY_PORT` serves it, to be read by people too. Nothing is called for it."""
    config = Config.from_env({"JWT_SECRET_KEY": "of no use: no token is made or read"})
    document = create_app(config, connect(config)).test_client().get("/openapi.json").json
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    logs.configure("gateway", {"LOG_LEVEL": "error"})
    sys.stdout.buffer.write(text())
