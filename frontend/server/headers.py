"""The security headers of every response, read from the file that nginx includes too."""

import re
from collections.abc import Iterable
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

FILE = Path(__file__).parent.with_name("security-headers.conf")
LINE = re.compile(r'^add_header (\S+) "(.*)" always;$', re.MULTILINE)
HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")


class SecurityHeaders:
    """Headers that limit what a page may load and which servers it may call.

    Args:
        urls: where the pages find the gateway.
        hsts_seconds: how long browsers must use TLS only; 0 when the pages are served without TLS.
    """

    def __init__(self, urls: Iterable[str], hsts_seconds: int = 0) -> None:
        self._lines = [(name, Template(value)) for name, value in LINE.findall(FILE.read_text("utf-8"))]
        if hsts_seconds:
            self._lines.append(("Strict-Transport-Security", Template(f"max-age={hsts_seconds}; includeSubDomains")))
        self._urls = tuple(dict.fromkeys(urls))

    def for_host(self, host: str) -> list[tuple[str, str]]:
        """Return the headers for a page that was requested with this `Host`."""
        origins = " ".join(dict.fromkeys(filter(None, (_origin(url, _hostname(host)) for url in self._urls))))
        return [(name, line.substitute(API_ORIGINS=origins)) for name, line in self._lines]


def _hostname(host: str) -> str:
    """Return the host without its port, or `localhost` for text that is no host."""
    match = HOST.fullmatch(host.lower())
    return match[1] if match else "localhost"


def _origin(url: str, host: str) -> str:
    if url.startswith(":"):
        port = url.partition("/")[0]
        return f"http://{host}{port} https://{host}{port}"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
