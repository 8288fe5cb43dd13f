"""`python -m gateway.openapi` prints the OpenAPI document of all ports, from which the shop's types are generated."""

import sys

import orjson

from gateway.openapi.document import build_document
from gateway.routes import discover


def format_document() -> bytes:
    """Return the document that `GATEWAY_PORT` serves, sorted and indented."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(build_document(discover()), option=options)


if __name__ == "__main__":
    sys.stdout.buffer.write(format_document())
