"""A gRPC client that breaks rules: it begins calls whose message never arrives, frame by frame."""

import socket
import struct
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 1
END_HEADERS = 4
FRAME_HEADER_SIZE = 9
ONE_BYTE_LENGTH = 127
TIMEOUT_SECONDS = 10.0


class RawConnection:
    """A connection that sends single frames, and responds to the server's pings.

    Attributes:
        opened: number of calls that were begun.
        ended: ids of the streams that the server has ended.
        is_open: whether the server has not closed the connection.

    Args:
        address: host and port of the server.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), TIMEOUT_SECONDS)
        self._socket.settimeout(None)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.opened = 0
        self.ended: set[int] = set()
        self.is_open = True
        self._socket.sendall(PREFACE + _frame(SETTINGS, 0, 0, b""))
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    @property
    def unfinished(self) -> int:
        """Number of calls that the server has not ended."""
        return self.opened - len(self.ended) if self.is_open else 0

    def begin(self, path: str, count: int = 1, headers: Iterable[tuple[str, str]] = (), data: bytes = b"") -> None:
        """Begin calls of a method: send their headers, and `data` if there is any, but do not end them.

        Args:
            path: path of the method.
            count: number of calls.
            headers: metadata, such as a token.
            data: what to send of the message, with gRPC's prefix.
        """
        block = _header_block(path, headers)
        frames = bytearray()
        for _ in range(count):
            stream = 2 * self.opened + 1
            self.opened += 1
            frames += _frame(HEADERS, END_HEADERS, stream, block)
            if data:
                frames += _frame(DATA, 0, stream, data)
        with suppress(OSError), self._lock:  # the server may have closed the connection
            self._socket.sendall(frames)

    def _read(self) -> None:
        with suppress(OSError), self._socket.makefile("rb") as stream:
            while header := stream.read(FRAME_HEADER_SIZE):
                length, kind = int.from_bytes(header[:3]), header[3]
                flags, stream_id = header[4], int.from_bytes(header[5:]) & 0x7FFFFFFF
                self._handle(kind, flags, stream_id, stream.read(length))
        self.is_open = False

    def _handle(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        if kind == RESET or (kind in {DATA, HEADERS} and flags & END_STREAM):
            self.ended.add(stream_id)
        elif kind in {SETTINGS, PING} and not flags & ACK:
            with suppress(OSError), self._lock:
                self._socket.sendall(_frame(kind, ACK, 0, payload if kind == PING else b""))


def grpc_message(message: bytes) -> bytes:
    """Return a message with gRPC's prefix."""
    return b"\0" + struct.pack(">I", len(message)) + message


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def _header_block(path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    pairs = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "test"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *headers,
    ]
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in pairs)


def _text(text: str) -> bytes:
    """Return an HPACK string literal (RFC 7541, section 5.2)."""
    raw = text.encode()
    if len(raw) < ONE_BYTE_LENGTH:
        return bytes((len(raw),)) + raw
    rest, length = len(raw) - ONE_BYTE_LENGTH, bytearray((ONE_BYTE_LENGTH,))
    while rest >= 128:  # noqa: PLR2004 - seven bits in each byte
        length.append(rest % 128 + 128)
        rest //= 128
    return bytes((*length, rest)) + raw
