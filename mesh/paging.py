"""Pages of a list: reads `mesh.v1.PageRequest` and writes `mesh.v1.PageResponse` (AIP-158)."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from google.protobuf.message import Message
from mesh.v1 import paging_pb2

from mesh.errors import InvalidArgument

TOKEN = struct.Struct(">BQ8s")
"""Contents of a page token: version, offset of the page, and digest of the list."""
TOKEN_VERSION = 1
MAX_OFFSET = 2**38
"""More than page 2**31 - 1 of 100 items."""


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Args:
        offset: number of items before the page.
        size: number of items on a full page.
        digest: identifies the list; a page token is valid for the list that it was made for.
    """

    offset: int
    size: int
    digest: bytes

    def response(self, total_size: int) -> paging_pb2.PageResponse:
        """Return the message that describes this page of a list with `total_size` items."""
        end = self.offset + self.size
        return paging_pb2.PageResponse(
            next_page_token=_encode(end, self.digest) if end < total_size else "",
            page=self.offset // self.size + 1,
            page_size=self.size,
            total_size=total_size,
        )


def read_page(request: Message, default_size: int) -> Page:
    """Return the page that a list request asks for in its field `paging`.

    Args:
        request: the whole request; its other fields identify the list.
        default_size: items on a page when the request has no `page_size`.

    Raises:
        InvalidArgument: when the page token is malformed or belongs to another list.
    """
    paging: paging_pb2.PageRequest = request.paging  # type: ignore[attr-defined] # every list request has it
    size = paging.page_size if paging.HasField("page_size") else default_size
    digest = _digest(request)
    if paging.page_token:
        return Page(_decode(paging.page_token, digest), size, digest)
    return Page((max(paging.page, 1) - 1) * size, size, digest)


def _digest(request: Message) -> bytes:
    """Return what the request has in common with the requests for other pages of the same list."""
    rest = type(request)()
    rest.CopyFrom(request)
    rest.ClearField("paging")
    name = request.DESCRIPTOR.full_name
    return hashlib.sha256(name.encode() + b"\0" + rest.SerializeToString(deterministic=True)).digest()[:8]


def _encode(offset: int, digest: bytes) -> str:
    return base64.urlsafe_b64encode(TOKEN.pack(TOKEN_VERSION, offset, digest)).rstrip(b"=").decode()


def _decode(token: str, digest: bytes) -> int:
    """Return the offset in a page token."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        version, offset, made_for = TOKEN.unpack(raw)
    except (binascii.Error, ValueError, struct.error):
        raise InvalidArgument("The page token is malformed.", "INVALID_PAGE_TOKEN") from None
    if version != TOKEN_VERSION or offset > MAX_OFFSET:
        raise InvalidArgument("The page token is malformed.", "INVALID_PAGE_TOKEN")
    if made_for != digest:
        raise InvalidArgument("The page token belongs to a list with other filters.", "INVALID_PAGE_TOKEN")
    return int(offset)
