"""Sentences to the person who started the product. Uses only the standard library."""

import contextlib
import os
import signal
import sys

from mesh.signals import StoppedError
from mesh.streams import STDERR, STDOUT


def say(text: str) -> None:
    """Write a line to stdout.

    Raises:
        StoppedError: the reader has ended.
    """
    try:
        _write(STDOUT, text)
    except OSError:
        raise StoppedError(signal.SIGPIPE) from None


def complain(text: str) -> None:
    """Write a line to stderr, if it still has a reader."""
    with contextlib.suppress(OSError):
        _write(STDERR, text)


def can_encode(text: str) -> bool:
    """Tell whether the terminal can show the text."""
    try:
        text.encode(_encoding())
    except UnicodeEncodeError:
        return False
    return True


def _write(number: int, text: str) -> None:
    """Write without the interpreter's buffers, which block the end of the process when the reader does not read."""
    rest = f"{text}\n".encode(_encoding(), "backslashreplace")
    while rest:
        rest = rest[os.write(number, rest) :]


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "ascii"
